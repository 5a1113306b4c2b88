"""What replication in PostgreSQL has of its own: positions in its log (LSNs), and hosts in a URL."""

import re
from typing import Any

from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy import Select, Text, case, cast, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from ..errors import UnavailableError
from .database import read_engine
from .reads import fetch

POSITION = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
LAST_POSITION = "FFFFFFFF/FFFFFFFF"
"""No replica will ever be there."""

_in_recovery = func.pg_is_in_recovery()
# not the flushed position: a commit may return before it is on the disk (synchronous_commit = off)
_INSERTED = select(cast(func.pg_current_wal_insert_lsn(), Text).label("position"))
# not the inserted position: at the end of a page it is beyond the last record, where a replica stops
_FLUSHED = select(case((~_in_recovery, cast(func.pg_current_wal_flush_lsn(), Text))).label("position"))
_REPLAYED = select(case((_in_recovery, cast(func.pg_last_wal_replay_lsn(), Text))).label("position"))
_HAS_REPLAYED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn"


async def current_position(engine: AsyncEngine) -> str:
    """A position of the primary that is not before any change that was committed."""
    return str(await _position(engine, _INSERTED))


async def durable_position(engine: AsyncEngine) -> str | None:
    """The position that replicas reach when they have everything. None if this is no primary any more."""
    return await _position(engine, _FLUSHED)


async def replayed_position(engine: AsyncEngine) -> str | None:
    """How far a replica has come. None if it has become a primary, whose changes are others."""
    return await _position(engine, _REPLAYED)


def reached(replayed: str, position: str) -> bool:
    return _number(replayed) >= _number(position)


def has_replayed(connection: Any, position: str) -> bool:
    """Asks the server of this connection, which is the driver's."""
    try:
        return bool(connection.run_async(lambda driver: driver.fetchval(_HAS_REPLAYED, position)))
    except (InterfaceError, PostgresError, OSError) as error:
        raise UnavailableError("the replica does not answer at present") from error


def each_host(url: str) -> list[URL]:
    """`…@/DATABASE?host=A:5432&host=B:5432` as a URL for each host."""
    whole = make_url(url)
    hosts = whole.normalized_query.get("host", ())
    rest = whole.difference_update_query(["host"])
    return [_with_host(rest, host) for host in hosts] or [whole]


async def _position(engine: AsyncEngine, query: Select[Any]) -> str | None:
    [row] = await fetch(read_engine(engine), query)
    position: str | None = row["position"]
    return position


def _with_host(url: URL, address: str) -> URL:
    host, _, port = address.rpartition(":")
    return url.set(host=host, port=int(port)) if host and port.isdigit() else url.set(host=address)


def _number(position: str) -> int:
    high, low = position.split("/")
    return int(high, 16) << 32 | int(low, 16)
