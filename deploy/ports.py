"""Who holds a port: read from /proc, so that no further program is needed."""

from contextlib import suppress
from pathlib import Path

_LISTEN = "0A"


def holder_of(port: int) -> str:
    """Return `NAME (pid N)` of the process that listens on a TCP port, or "another process"."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if sockets & _open_files(process):
            name = (process / "comm").read_text(encoding="utf-8").strip()
            return f"{name} (pid {process.name})"
    return "another process"


def _open_files(process: Path) -> set[str]:
    found = set()
    # A file may be closed, and the process may end, while we look.
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                found.add(str(link.readlink()))
    return found


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
