"""MySQL. Debian's releases do not have it, its development version does: there is no fixed version of it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..once import once
from . import mariadb
from .mariadb import answers
from .packages import UnavailableError, unpack
from .processes import Process
from .servers import Image, Recipe, Server

# a crash of the machine may lose data; a crash of the server does not
FAST = ("--innodb-flush-log-at-trx-commit=2", "--innodb-redo-log-capacity=32M", "--performance-schema=OFF")
LIMITS = ("--max-connect-errors=1000000", "--mysqlx=OFF", "--secure-file-priv=NULL")
# what replicas follow; each server has its own number
REPLICATION = ("--log-bin=binlog", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--sync-binlog=0")
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
CHANGE REPLICATION SOURCE TO
    SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, SOURCE_USER = 'root', SOURCE_PASSWORD = 'test',
    SOURCE_CONNECT_RETRY = 1, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1;
START REPLICA;
"""
PROMOTE = "STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0"


def url(server: Server, database: str = "test") -> str:
    """Of a user that may create databases."""
    return f"mysql+asyncmy://root:test@127.0.0.1:{server.port}/{database}"


def url_of_all(*servers: Server) -> str:
    """Of a user that may change data, on whichever is the primary."""
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in servers)
    return f"mysql+asyncmy://test:test@/test?{hosts}"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    return _launcher(folder, port, SETUP, ["--server-id=1"])


def replica_of(primary: int) -> Recipe:
    """A replica of the server on this port. It replays all that was ever written there."""

    def prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
        setup = SETUP + FOLLOW.format(port=primary)
        return _launcher(folder, port, setup, [f"--server-id={port}", "--read-only", "--skip-replica-start"])

    return Recipe("replica", MYSQL.image, prepare, answers)


def promote(replica: Server) -> None:
    """Make it a primary."""
    mariadb.promote(replica, PROMOTE)


def execute(server: Server, statements: str, database: str = "test") -> str:
    """Have a client run them as root. Returns what it prints."""
    return mariadb.execute(server, statements, database)


def _launcher(folder: Path, port: int, setup: str, options: Sequence[str]) -> Callable[[], Process]:
    shutil.copytree(once("mysql-data", _install) / "data", folder / "data")
    (folder / "data/auto.cnf").unlink(missing_ok=True)
    (folder / "setup.sql").write_text(setup)
    command = [*_program(), f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}"]
    command += [f"--pid-file={folder / 'server.pid'}", "--bind-address=127.0.0.1", f"--port={port}"]
    command += [f"--init-file={folder / 'setup.sql'}", *_temporary(folder), *FAST, *LIMITS]
    command += [*REPLICATION, *options]
    return lambda: Process(command, folder / "log")


def _install(folder: Path) -> None:
    """An empty server's data, which takes seconds to make."""
    command = [*_program(), "--initialize-insecure", f"--datadir={folder / 'data'}"]
    command += [*_temporary(folder), *FAST, *LIMITS, "--skip-log-bin"]
    subprocess.run(command, capture_output=True, check=True)


def _temporary(folder: Path) -> list[str]:
    """A server that starts removes the temporary tables of all others in the same folder."""
    own = folder / "temporary"
    own.mkdir(exist_ok=True)
    return [f"--tmpdir={own}"]


def _program() -> list[str]:
    """With the libraries that it came with. `mysqld` of this machine may be another product."""
    user = ["--user=root"] if os.geteuid() == 0 else []
    root = once("mysql-program", lambda folder: unpack("mysql-server-core", "sid", folder)) / "root"
    loaders = sorted(root.glob("usr/lib*/ld-linux-*.so.*"))
    if not loaders:
        raise UnavailableError("mysql-server-core came without the loader of its libraries")
    libraries = ":".join(map(str, root.glob("usr/lib/*-linux-gnu*")))
    loader = [str(loaders[0]), "--library-path", libraries, str(root / "usr/sbin/mysqld")]
    return [*loader, "--no-defaults", f"--basedir={root / 'usr'}", *user]


MYSQL = Recipe(
    name="mysql",
    image=Image(
        "mysql:9.7.4",
        port=3306,
        environment={
            "MYSQL_USER": "test",
            "MYSQL_PASSWORD": "test",
            "MYSQL_DATABASE": "test",
            "MYSQL_ROOT_PASSWORD": "test",
        },
    ),
    prepare=_prepare,
    answers=answers,
)
