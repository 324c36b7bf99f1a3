"""What Printgate is reached through: waitress in one process, or nginx before many of gunicorn."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from deploy.demo.stage import ManyProcesses
from deploy.lab.office import Lab, lab_folder
from tests.faults.rig import Server, seed, state_of_an_office
from tests.faults.shapes import NGINX, WAITRESS

PATIENCE_SECONDS = 4.0
"""How long a front door waits for a request here; as shipped, it would take a test minutes."""
DOCUMENT_MIB_MAX = 64
LIMITS = {"PRINTGATE_DOCUMENT_OCTETS_MAX": str(DOCUMENT_MIB_MAX * 2**20)}


class BehindNginx(Server):
    """Two gateways, the pages and a worker on PostgreSQL and Redis, and nginx before them."""

    def __init__(
        self,
        lab: Lab,
        folder: Path,
        nginx_changes: Mapping[str, str] | None = None,
        **environment: str,
    ) -> None:
        self._stack = ExitStack()
        parts = lab_folder()
        self._stack.callback(shutil.rmtree, parts)
        self._stage = ManyProcesses(self._stack, folder, parts, lambda _text: None)
        self._stage.nginx_changes = nginx_changes or {}
        self.postgres, self.redis = self._stage.postgres, self._stage.redis
        super().__init__(lab, folder, **self._stage.environment, **environment)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._stage.gateways]

    @property
    def log(self) -> str:
        return (self.folder / "printgate.log").read_text(encoding="utf-8", errors="replace")

    def start(self, **more: str) -> None:
        self._stage.start({**self.environment, **more}, self.port)

    def stop(self) -> None:
        """End it all, for good: its database goes with it."""
        self.database.close()
        self._stack.close()


@contextmanager
def _waitress(lab: Lab, folder: Path, template: Path) -> Iterator[Server]:
    with state_of_an_office(lab, folder, template):
        patience = {"PRINTGATE_SLOW_REQUEST_SECONDS": str(PATIENCE_SECONDS)}
        made = Server(lab, folder, **LIMITS, **patience)
        made.start()
        try:
            yield made
        finally:
            made.stop()
            made.database.close()


@contextmanager
def _behind_nginx(lab: Lab, folder: Path, _template: Path) -> Iterator[Server]:
    seconds = f"{PATIENCE_SECONDS:.0f}s"
    changes = {
        "client_header_timeout": seconds,
        "client_body_timeout": seconds,
        "client_max_body_size": f"{DOCUMENT_MIB_MAX + 2}m",
    }
    made = BehindNginx(lab, folder, changes, **LIMITS)
    try:
        seed(lab, made.settings)
        made.start()
        yield made
    finally:
        made.stop()


FRONT_DOORS: dict[str, Callable[[Lab, Path, Path], AbstractContextManager[Server]]] = {
    WAITRESS: _waitress,
    NGINX: _behind_nginx,
}
"""Every server that we ship, started on a fresh office."""
