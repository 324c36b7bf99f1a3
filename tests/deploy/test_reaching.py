"""Whether anybody on this machine can connect, as the doctor tries it."""

import shutil
import socket

import pytest

from deploy.checks import _reached_as_nobody
from deploy.lab.office import lab_folder
from deploy.lab.process import free_port


@pytest.mark.parametrize(("mode", "reached"), [(0o755, True), (0o750, False)])
def test_a_socket_in_a_folder(mode: int, reached: bool):
    folder = lab_folder()
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / "s"))
            (folder / "s").chmod(0o666)
            folder.chmod(mode)
            server.listen()
            assert _reached_as_nobody(str(folder / "s")) is reached
    finally:
        shutil.rmtree(folder)


def test_a_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert _reached_as_nobody(f"127.0.0.1:{server.getsockname()[1]}")
    assert not _reached_as_nobody(f"127.0.0.1:{free_port()}")
