"""Servers that are modules of these tests, as processes of their own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..ports import listener

SECONDS = 30


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[int]:
    """Its port, which is the first argument that it is given."""
    with listener() as free:
        port: int = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-m", module, str(port), *arguments]) as process:
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{process.args!r} does not listen")
