"""Reads from the database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Select
from sqlalchemy.util import greenlet_spawn


async def fetch(
    engine: Engine,
    query: Select[Any],
    values: Mapping[str, object] | None = None,
) -> list[dict[str, Any]]:
    """All rows, as mappings of column names to values.

    This enters SQLAlchemy's greenlet once for the whole read. AsyncConnection enters it for each method and
    closes itself in a new task, which doubles the cost of a read by key.
    """

    def read() -> list[dict[str, Any]]:
        with engine.connect() as connection:
            result = connection.execute(query, values)
            names = tuple(result.keys())
            return [dict(zip(names, row, strict=True)) for row in result]

    return await greenlet_spawn(read)
