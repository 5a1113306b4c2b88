"""MariaDB."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..once import once
from .packages import require
from .processes import Process
from .servers import Image, Recipe, Server

# a crash of the machine may lose data; a crash of the server does not
FAST = ("--innodb-flush-log-at-trx-commit=2", "--innodb-log-file-size=16M", "--innodb-buffer-pool-size=32M")
# it would write through io_uring, whose answers some kernels lose: then it waits for ever
SIMPLE = ("--innodb-use-native-aio=0",)
# the tests that the server has started do not finish their handshake
LIMITS = ("--max-connect-errors=1000000",)
# what replicas follow; each server has its own number
REPLICATION = ("--log-bin=binlog", "--log-slave-updates", "--binlog-format=ROW", "--gtid-strict-mode=ON")
# what the environment tells the image; each server does it itself, so it is not replicated
SETUP = """
SET sql_log_bin = 0;
CREATE DATABASE IF NOT EXISTS test;
CREATE USER IF NOT EXISTS test IDENTIFIED BY 'test';
GRANT ALL ON test.* TO test;
CREATE USER IF NOT EXISTS root IDENTIFIED BY 'test';
GRANT ALL ON *.* TO root WITH GRANT OPTION;
ALTER USER root@localhost IDENTIFIED BY 'test';
"""
FOLLOW = """
CHANGE MASTER TO
    MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'root', MASTER_PASSWORD = 'test',
    MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos;
START SLAVE;
"""
PROMOTE = "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 0"


def url(server: Server, database: str = "test") -> str:
    """Of a user that may create databases."""
    return f"mariadb+asyncmy://root:test@127.0.0.1:{server.port}/{database}"


def url_of_all(*servers: Server) -> str:
    """Of a user that may change data, on whichever is the primary."""
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in servers)
    return f"mariadb+asyncmy://test:test@/test?{hosts}"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    return _launcher(folder, port, SETUP, ["--server-id=1"])


def replica_of(primary: int) -> Recipe:
    """A replica of the server on this port. It replays all that was ever written there."""

    def prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
        setup = SETUP + FOLLOW.format(port=primary)
        return _launcher(folder, port, setup, [f"--server-id={port}", "--read-only", "--skip-slave-start"])

    return Recipe("replica", MARIADB.image, prepare, answers)


def _launcher(folder: Path, port: int, setup: str, options: Sequence[str]) -> Callable[[], Process]:
    program = require("mariadbd", "mariadb-server-core")
    shutil.copytree(once("mariadb", _install) / "data", folder / "data")
    (folder / "setup.sql").write_text(setup)
    command = [program, "--no-defaults", *_as_root(), f"--datadir={folder / 'data'}"]
    command += [f"--socket={folder / 'socket'}", "--bind-address=127.0.0.1", f"--port={port}"]
    command += [f"--init-file={folder / 'setup.sql'}", *_temporary(folder), *FAST, *SIMPLE, *LIMITS]
    command += [*REPLICATION, *options]
    return lambda: Process(command, folder / "log")


def _install(folder: Path) -> None:
    """An empty server's data, which takes seconds to make."""
    require("mariadbd", "mariadb-server-core")
    require("my_print_defaults", "mariadb-client-core")
    install = require("mariadb-install-db", "mariadb-server-core")
    command = [install, "--no-defaults", *_as_root(), f"--datadir={folder / 'data'}", *FAST, *SIMPLE]
    command += _temporary(folder)
    command += ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
    subprocess.run(command, capture_output=True, check=True)


def _temporary(folder: Path) -> list[str]:
    """A server that starts removes the temporary tables of all others in the same folder."""
    own = folder / "temporary"
    own.mkdir(exist_ok=True)
    return [f"--tmpdir={own}"]


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def answers(port: int) -> bool:
    """Whether a server greets: with the version of its protocol, behind a header of four bytes."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(5)[4:] == b"\x0a"
    except OSError:
        return False


MARIADB = Recipe(
    name="mariadb",
    image=Image(
        "mariadb:11.8.8",
        port=3306,
        environment={
            "MARIADB_USER": "test",
            "MARIADB_PASSWORD": "test",
            "MARIADB_DATABASE": "test",
            "MARIADB_ROOT_PASSWORD": "test",
        },
    ),
    prepare=_prepare,
    answers=answers,
)


def promote(replica: Server, statements: str = PROMOTE) -> None:
    """Make it a primary."""
    execute(replica, statements)


def execute(server: Server, statements: str, database: str = "test") -> str:
    """Have the client run them as root. Returns what it prints."""
    client = require("mariadb", "mariadb-client-core")
    address = ["--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=root", "--password=test"]
    command = [client, *address, "--batch", "--skip-column-names", f"--execute={statements}", database]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
