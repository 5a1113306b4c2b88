"""Redis."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .packages import require
from .processes import Process, converse
from .servers import Image, Recipe, Server


def url(server: Server) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    program = require("redis-server", "redis-server")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return lambda: Process(command, folder / "log")


REDIS = Recipe(
    name="redis",
    image=Image("redis:8.8.0", port=6379),
    prepare=_prepare,
    answers=lambda port: converse(port, b"PING\r\n", b"+PONG"),
)
