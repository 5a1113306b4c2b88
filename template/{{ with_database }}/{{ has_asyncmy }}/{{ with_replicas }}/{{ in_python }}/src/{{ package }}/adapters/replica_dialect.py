"""What a server says of its part in replication. Its replicas are read-only, its primary is not."""

from typing import Any

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..errors import UnavailableError
from .database import read_engine
from .hosts import each_host
from .positions import COMMITTED, LAST_POSITION, POSITION, REPLAYED, reached
from .reads import fetch

__all__ = [
    "LAST_POSITION",
    "POSITION",
    "current_position",
    "durable_position",
    "each_host",
    "has_replayed",
    "reached",
    "replayed_position",
]

IS_READ_ONLY = "@@global.read_only"


async def current_position(engine: AsyncEngine) -> str:
    """A position of the primary that is not before any change that was committed."""
    position, _ = await _position(engine, COMMITTED)
    return position


async def durable_position(engine: AsyncEngine) -> str | None:
    """The position that replicas reach when they have everything. None if this is no primary any more."""
    position, is_read_only = await _position(engine, COMMITTED)
    return None if is_read_only else position


async def replayed_position(engine: AsyncEngine) -> str | None:
    """How far a replica has come. None if it has become a primary, whose changes are others."""
    position, is_read_only = await _position(engine, REPLAYED)
    return position if is_read_only else None


def has_replayed(connection: Any, position: str) -> bool:
    """Asks the server of this connection, which is the driver's."""
    cursor = connection.cursor()
    try:
        cursor.execute(f"SELECT {REPLAYED}, {IS_READ_ONLY}")
        [(replayed, is_read_only)] = cursor.fetchall()
    except (connection.dbapi.Error, OSError) as error:
        raise UnavailableError("the replica does not answer at present") from error
    finally:
        cursor.close()
    return bool(is_read_only) and reached(replayed, position)


async def _position(engine: AsyncEngine, asked: str) -> tuple[str, bool]:
    columns: list[ColumnElement[Any]] = [literal_column(asked), literal_column(IS_READ_ONLY)]
    [row] = await fetch(read_engine(engine), select(*columns))
    position, is_read_only = row.values()
    return position, bool(is_read_only)
