"""SecantusDB, a stand-in for MongoDB: it speaks the protocol, has transactions, and survives a kill.

It is a separate program, under the GPL, which only these tests start. A container runs MongoDB itself.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from .processes import Process
from .servers import Image, Recipe, Server

STAND_IN = "MongoDB: its stand-in is SecantusDB"
PROGRAM = Path(sys.executable).with_name("secantusd-py")


def url(server: Server) -> str:
    return f"mongodb://127.0.0.1:{server.port}/test?directConnection=true"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    data = ["--storage-path", str(folder / "data"), "--cache-size", "128M", "--sync-on-commit"]
    command = [str(PROGRAM), "--host", "127.0.0.1", "--port", str(port), *data]
    return lambda: Process(command, folder / "log")


def _answers(port: int) -> bool:
    with MongoClient[dict[str, object]](
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=1000
    ) as client:
        try:
            return bool(client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False


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
