"""What Printgate consists of in the demo: one process, or many with the servers that they need."""

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from core.text import Text
from deploy.lab.nginx import NginxServer
from deploy.lab.postgres import PostgresServer
from deploy.lab.process import Process, answers, free_port
from deploy.lab.redis import RedisServer

ROOT = Path(__file__).parents[2]

Say = Callable[[Text], None]


class OneProcess:
    """The gateway, the pages and the background work in one process on SQLite."""

    profile = "embedded"

    def __init__(self, stack: ExitStack, folder: Path, parts: Path, say: Say) -> None:
        del parts  # no server of anybody else's
        self._stack, self._folder, self._say = stack, folder, say
        self.environment: dict[str, str] = {}

    def start(self, environment: dict[str, str], port: int) -> None:
        """Start it; return when it answers."""
        self._say(Text("Starting Printgate …"))
        self._wait(self._deploy(environment, "serve"), port)

    def _deploy(self, environment: dict[str, str], *words: str) -> Process:
        process = Process(
            [sys.executable, "-m", "deploy", "--profile", self.profile, *words],
            self._folder / "printgate.log",
            {**environment, "PYTHONPATH": str(ROOT)},
        )
        self._stack.callback(process.stop)
        return process

    @staticmethod
    def _wait(process: Process, port: int) -> None:
        process.wait_until(lambda: answers(port))


class ManyProcesses(OneProcess):
    """Two gateways, the pages and a worker on PostgreSQL and Redis, behind nginx."""

    profile = "scaleout"
    nginx_changes: Mapping[str, str] = {}
    """What nginx is told otherwise than in the configuration that ships."""

    def __init__(self, stack: ExitStack, folder: Path, parts: Path, say: Say) -> None:
        super().__init__(stack, folder, parts, say)
        say(Text("Starting a private PostgreSQL and Redis …"))
        self._nginx = parts / "nginx"
        self.gateways: list[Process] = []
        self.postgres, self.redis = PostgresServer(parts / "postgres"), RedisServer(parts / "redis")
        for server in (self.postgres, self.redis):
            stack.callback(server.stop)
            server.start()
        self.postgres.wait()
        self.redis.wait()
        self.environment = {
            "PRINTGATE_DATABASE_URL": self.postgres.create("printgate"),
            "PRINTGATE_TASKS_URL": self.redis.url,
        }

    def start(self, environment: dict[str, str], port: int) -> None:
        """Start them all; return when they answer."""
        self._say(Text("Starting Printgate: two gateways, the pages, a worker, nginx …"))
        gateways, pages = [free_port(), free_port()], [free_port()]
        environment = {**environment, "PRINTGATE_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        kinds = [*(("gateway", each) for each in gateways), *(("web", each) for each in pages)]
        started = [
            (self._deploy(environment, kind, "--port", str(each)), each) for kind, each in kinds
        ]
        self.gateways = [process for process, _ in started[: len(gateways)]]
        self._deploy(environment, "worker")
        for process, each in started:
            self._wait(process, each)
        nginx = NginxServer(self._nginx, port, gateways, pages, self.nginx_changes)
        self._stack.callback(nginx.stop)
        nginx.start()
        nginx.wait()


STAGES: dict[str, type[OneProcess]] = {
    OneProcess.profile: OneProcess,
    ManyProcesses.profile: ManyProcesses,
}
"""What the demo can run, by profile."""
