"""moto, a stand-in for Amazon SQS and SNS: it keeps everything in memory, so nothing is left after a kill."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .processes import Process, converse
from .servers import Image, Recipe, Server

STAND_IN = "Amazon SQS and SNS: their stand-in is moto"


def url(server: Server) -> str:
    return f"sqs+http://test:test@127.0.0.1:{server.port}"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    return lambda: Process(command, folder / "log")


SQS = Recipe(
    name="sqs",
    image=Image("motoserver/moto:5.2.5", port=5000),
    prepare=_prepare,
    answers=lambda port: converse(port, b"GET /moto-api/ HTTP/1.0\r\n\r\n", b"HTTP/"),
)
