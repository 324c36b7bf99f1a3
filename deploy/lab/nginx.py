"""A private nginx on a loopback port, with the configuration that ships (deploy/nginx)."""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.lab.process import Process, Service, answers

TEMPLATE = Path(__file__).parents[1] / "nginx" / "printgate.conf"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class NginxServer(Service):
    """An nginx before gateways and pages, in one process, so that none of it outlives us."""

    def __init__(
        self,
        folder: Path,
        port: int,
        gateways: Sequence[int],
        pages: Sequence[int],
        changes: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.port = folder, port
        folder.mkdir(parents=True, exist_ok=True)
        site = TEMPLATE.read_text(encoding="utf-8")
        for name, value in {
            "@LISTEN@": f"127.0.0.1:{port}",
            "@GATEWAYS@": _servers(gateways),
            "@PAGES@": _servers(pages),
        }.items():
            site = site.replace(name, value)
        for directive, value in (changes or {}).items():
            site, found = re.subn(rf"\b{directive} [^;]+;", f"{directive} {value};", site)
            assert found, f"the configuration that ships has no {directive}"
        (folder / "printgate.conf").write_text(site, encoding="utf-8")
        (folder / "nginx.conf").write_text(self._main(), encoding="utf-8")

    def start(self) -> None:
        """Start the server; `wait` returns when it answers."""
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            raise FileNotFoundError("nginx (package nginx-light) is not installed")
        arguments = ["-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]
        self._process = Process([program, *arguments], self.folder / "nginx.out")

    def _answers(self) -> bool:
        return answers(self.port)

    def _main(self) -> str:
        folders = "\n".join(f"  {name}_temp_path {self.folder / name};" for name in _TEMPORARY)
        site = self.folder / "printgate.conf"
        return (
            "daemon off;\nmaster_process off;\nerror_log stderr warn;\n"
            f"pid {self.folder / 'nginx.pid'};\nevents {{ worker_connections 1024; }}\n"
            f"http {{\n  access_log off;\n{folders}\n  include {site};\n}}\n"
        )


def _servers(ports: Sequence[int]) -> str:
    return "\n".join(f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
