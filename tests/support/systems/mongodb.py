"""SecantusDB, a stand-in for MongoDB: it speaks the protocol, has transactions, and survives a kill.

It is a separate program, under the GPL, which only these tests start. A container runs MongoDB itself.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from .processes import Process
from .servers import Image, Recipe, Server

STAND_IN = "MongoDB: its stand-in is SecantusDB"
REPLICA_STAND_IN = "MongoDB's replica sets: their stand-in is SecantusDB behind a proxy of our own"
PROGRAM = Path(sys.executable).with_name("secantusd-py")
MEMBER = Path(__file__).with_name("mongodb_member.py")


def url(server: Server, database: str = "test") -> str:
    return f"mongodb://127.0.0.1:{server.port}/{database}?directConnection=true"


def url_of_all(*servers: Server) -> str:
    """Of whichever is the primary."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"mongodb://{hosts}/test?replicaSet=rs"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    data = ["--storage-path", str(folder / "data"), "--cache-size", "128M", "--sync-on-commit"]
    command = [str(PROGRAM), "--host", "127.0.0.1", "--port", str(port), *data]
    return lambda: Process(command, folder / "log")


def replica_of(primary: int) -> Recipe:
    """Another member. It copies all that was ever written to the one on this port."""

    def prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
        return _member(folder, port, str(primary))

    return Recipe("replica", MONGODB.image, prepare, lambda port: _is(port, "secondary"))


def promote(replica: Server) -> None:
    """Make it the primary. The members of MongoDB do it themselves."""
    with _connected(replica.port) as client:
        client.admin.command("replSetStepUp")


def _member(folder: Path, port: int, *primary: str) -> Callable[[], Process]:
    command = [sys.executable, str(MEMBER), str(port), str(folder), *primary]
    return lambda: Process(command, folder / "log")


def _answers(port: int) -> bool:
    return _is(port, "isWritablePrimary")


def _is(port: int, role: str) -> bool:
    with _connected(port) as client:
        try:
            return bool(client.admin.command("hello")[role])
        except PyMongoError:
            return False


def _connected(port: int) -> MongoClient[dict[str, object]]:
    return MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=1000)


MONGODB = Recipe(
    name="mongodb",
    image=Image(
        "mongo:8.0.17",
        port=27017,
        environment={"START": "rs.initiate()"},
        command=(
            "bash",
            "-c",
            "until mongosh --eval $START; do sleep 1; done & exec mongod --replSet rs --bind_ip_all",
        ),
    ),
    prepare=_prepare,
    answers=_answers,
)

WITH_COPIES = replace(MONGODB, prepare=lambda folder, port, _companions: _member(folder, port))
"""The primary of a replica set that others can join."""
