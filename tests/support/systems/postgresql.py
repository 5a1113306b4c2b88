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


def url(server: Server, database: str = "test") -> str:
    return f"postgresql+asyncpg://test:test@127.0.0.1:{server.port}/{database}"


def url_of_all(*servers: Server) -> str:
    """Of a user that may change data, on whichever is the primary."""
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in servers)
    return f"postgresql+asyncpg://test:test@/test?{hosts}&target_session_attrs=primary"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    initdb, postgres = require("initdb", "postgresql"), require("postgres", "postgresql")
    data = folder / "data"
    _give_to_server_user(folder)
    _run([initdb, "-D", str(data), "-U", "test", "--auth=trust", "--encoding=UTF8", "--no-sync"])
    _run([postgres, "--single", "-D", str(data), "postgres"], "CREATE DATABASE test")
    return _launcher(folder, port)


def _launcher(folder: Path, port: int) -> Callable[[], Process]:
    listen = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
    postgres = require("postgres", "postgresql")
    command = _as_server_user([postgres, "-D", str(folder / "data"), *listen, *FAST])
    return lambda: Process(command, folder / "log")


def replica_of(primary: int) -> Recipe:
    """A streaming replica of the server on this port."""

    def prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
        copy = ["-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(primary), "-U", "test"]
        follow = ["-R", "-X", "stream", "-C", "-S", f"replica_{port}"]
        _give_to_server_user(folder)
        _run([require("pg_basebackup", "postgresql"), *copy, *follow, "-c", "fast", "--no-sync"])
        return _launcher(folder, port)

    return Recipe("replica", POSTGRESQL.image, prepare, POSTGRESQL.answers)


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


def promote(replica: Server) -> None:
    """Make it a primary."""
    execute(replica, "SELECT pg_promote()")


def execute(server: Server, statement: str, database: str = "test") -> str:
    """Have psql run it. Returns what it prints."""
    address = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "test", "-d", database]
    command = [require("psql", "postgresql-client"), *address, "--no-align", "--tuples-only", "-c", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
