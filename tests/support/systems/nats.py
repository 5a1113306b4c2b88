"""NATS with JetStream."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .processes import Process, converse
from .servers import Image, Recipe, Server

LOGIN = ("--user", "test", "--pass", "test")


def url(server: Server) -> str:
    return f"nats://test:test@127.0.0.1:{server.port}"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    place = ["-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    command = [_program(), *place, *LOGIN]
    return lambda: Process(command, folder / "log")


def _program() -> str:
    """The one that requirements-dev.lock pins, wherever it is."""
    return str(Path(sys.executable).with_name("nats-server"))


NATS = Recipe(
    name="nats",
    image=Image("nats:2.15.1-alpine", port=4222, command=("-js", *LOGIN)),
    prepare=_prepare,
    answers=lambda port: converse(port, b"", b"INFO "),
)
