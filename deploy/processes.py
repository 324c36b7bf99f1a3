"""Processes of one kind each, for machines that need more than one: gateway and web on gunicorn.

They stand behind nginx, which reads a request's body to its end before it passes it on: a client
that is cut off never becomes a job, and stalled connections cost no thread (deploy/nginx). One
process has one gunicorn worker with threads; there are as many processes as one starts.
"""

from contextlib import ExitStack
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from core.settings import Settings
from deploy.bootstrap import MakeApp, gateway_app, opened, pages_app

_GRACE_SECONDS = 30
_KEEP_ALIVE_SECONDS = 75


class _Log(Logger):  # type: ignore[misc]  # untyped
    """Lines of gunicorn among our own, in our own form."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401  # untyped
        self.cfg = cfg
        self.error_log.propagate = True
        self.access_log.disabled = True


class _Server(BaseApplication):  # type: ignore[misc]  # untyped
    """An app of ours in gunicorn; its parts are opened in the worker, never before the fork."""

    def __init__(self, settings: Settings, make_app: MakeApp) -> None:
        self._settings, self._make_app = settings, make_app
        self._stack = ExitStack()
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn is to do."""
        options = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._settings.http_threads,
            "keepalive": _KEEP_ALIVE_SECONDS,
            "graceful_timeout": _GRACE_SECONDS,
            "logger_class": _Log,
            "control_socket_disable": True,
            # The one that nginx sets. Any other that a client sends would be a contradiction to it.
            "secure_scheme_headers": {"X-FORWARDED-PROTO": "https"},
            "worker_exit": lambda _server, _worker: self._stack.close(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Open the parts and return the app: called in the worker."""
        parts = self._stack.enter_context(opened(self._settings, make_app=self._make_app))
        return parts.app


def serve_gateway(settings: Settings) -> None:
    """Run the gateway alone until SIGTERM or SIGINT."""
    _Server(settings, gateway_app).run()


def serve_pages(settings: Settings) -> None:
    """Run the pages alone until SIGTERM or SIGINT."""
    _Server(settings, pages_app).run()
