"""Reads of the database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Select
from sqlalchemy.util import greenlet_spawn


async def fetch(
    engine: Engine,
    query: Select[Any],
    values: Mapping[str, object] | None = None,
) -> list[dict[str, Any]]:
    """All rows, each by the names of its columns.

    SQLAlchemy is entered once for the whole read. An AsyncConnection enters it again for each of its methods,
    and closes itself in a task of its own, which doubles the cost of a read by key.
    """

    def read() -> list[dict[str, Any]]:
        with engine.connect() as connection:
            result = connection.execute(query, values)
            names = tuple(result.keys())
            return [dict(zip(names, row, strict=True)) for row in result]

    return await greenlet_spawn(read)
