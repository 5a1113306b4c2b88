"""PostgreSQL."""

import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from .packages import require
from .processes import Process, converse
from .servers import Image, Recipe, Server

# a crash of the machine may lose data; a crash of the server does not
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")


def url(server: Server) -> str:
    return f"postgresql+asyncpg://test:test@127.0.0.1:{server.port}/test"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    initdb, postgres = require("initdb", "postgresql"), require("postgres", "postgresql")
    data = folder / "data"
    _give_to_server_user(folder)
    _run([initdb, "-D", str(data), "-U", "test", "--auth=trust", "--encoding=UTF8", "--no-sync"])
    _run([postgres, "--single", "-D", str(data), "postgres"], "CREATE DATABASE test")
    listen = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
    command = _as_server_user([postgres, "-D", str(data), *listen, *FAST])
    return lambda: Process(command, folder / "log")


def _run(command: Sequence[str], text: str = "") -> None:
    subprocess.run(_as_server_user(command), input=text, text=True, capture_output=True, check=True, cwd="/")


def _as_server_user(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL"]
    return ["setpriv", *user, *command]


def _give_to_server_user(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")


def _answers(port: int) -> bool:
    # a start-up message (protocol 3.0): a server in recovery answers it with an error
    parameters = b"user\0test\0database\0test\0\0"
    message = struct.pack("!ii", 8 + len(parameters), 196608) + parameters
    return converse(port, message, b"R")


POSTGRESQL = Recipe(
    name="postgresql",
    image=Image(
        "postgres:17.11",
        port=5432,
        environment={"POSTGRES_USER": "test", "POSTGRES_PASSWORD": "test", "POSTGRES_DB": "test"},
    ),
    prepare=_prepare,
    answers=_answers,
)
