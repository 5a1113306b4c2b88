"""What replication in MongoDB has of its own: times in its log, and members of a replica set in a URL."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bson.timestamp import Timestamp

from ..errors import UnavailableError
from .database import Database, Document

POSITION = re.compile("[0-9a-f]{16}")
LAST_POSITION = "f" * 16
"""No replica will ever be there."""

# of a member by itself; what it does not answer is asked elsewhere at once
ALONE = {"directConnection": "true", "retryReads": "false"}


async def current_position(database: Database) -> str:
    """A position of the primary that is not before any change that was committed."""
    return _position(await _hello(database), "opTime")


async def durable_position(database: Database) -> str | None:
    """The position that replicas reach when they have everything. None if this is no primary any more."""
    hello = await _hello(database)
    return _position(hello, "majorityOpTime") if hello["isWritablePrimary"] else None


async def replayed_position(database: Database) -> str | None:
    """How far a replica has come. None if it has become a primary, whose changes are others."""
    hello = await _hello(database)
    if hello["isWritablePrimary"]:
        return None
    if not hello.get("secondary"):
        raise UnavailableError("the replica copies data at present, or recovers")
    return _position(hello, "majorityOpTime")


def reached(replayed: str, position: str) -> bool:
    return replayed >= position


def timestamp(position: str) -> Timestamp:
    """Seconds since 1970, and the number of a change within that second."""
    return Timestamp(int(position[:8], 16), int(position[8:], 16))


def each_host(url: str) -> Iterator[tuple[str, str]]:
    """The members that `mongodb://USER:PASSWORD@A:27017,B:27017/DATABASE` names, with a URL of each."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    options = {name: value for name, value in parse_qsl(parts.query) if name not in ALONE} | ALONE
    for host in hosts.split(","):
        alone = parts._replace(netloc=login + at + host, query=urlencode(options))
        yield host, urlunsplit(alone)


async def _hello(database: Database) -> Document:
    hello: Document = await database.answer(database.default.command("hello"))
    return hello


def _position(hello: Document, name: str) -> str:
    """Of changes that reads see, which a majority has: `majorityOpTime`."""
    time: Timestamp = hello["lastWrite"][name]["ts"]
    return f"{time.time:08x}{time.inc:08x}"
