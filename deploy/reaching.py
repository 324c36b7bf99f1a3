"""Whether anybody on this machine can connect to an address: run by the doctor in a child process.

    python -I -S deploy/reaching.py ADDRESS

As root it gives up all rights first. The exit code is 0 if a connection could be made, 1 if not.
"""

import os
import socket
import sys
from typing import Any, cast

NOBODY = 65534
SECONDS = 5


def main(target: str) -> int:
    """Give up all rights, then try to connect to HOST:PORT or to the path of a socket."""
    host, _, port = target.rpartition(":")
    # Found out before: what Python loads for it may lie where only we can read.
    family, kind, address = socket.AF_UNIX, socket.SOCK_STREAM, cast("Any", target)
    if host:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    with socket.socket(family, kind) as probe:
        probe.settimeout(SECONDS)
        try:
            probe.connect(address)
        except OSError:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
