"""Memcached."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .packages import require
from .processes import Process, converse
from .servers import Image, Recipe, Server


def url(server: Server) -> str:
    return f"memcached://127.0.0.1:{server.port}"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    program = require("memcached", "memcached")
    # as root, it runs only if it is told as whom
    command = [program, "-l", "127.0.0.1", "-p", str(port), "-u", "nobody"]
    return lambda: Process(command, folder / "log")


MEMCACHED = Recipe(
    name="memcached",
    image=Image("memcached:1.6.45", port=11211),
    prepare=_prepare,
    answers=lambda port: converse(port, b"version\r\n", b"VERSION"),
)
