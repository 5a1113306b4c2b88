"""What shards need of PostgreSQL."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, TableClause, column, table, text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

# until the end of the transaction; first come, first served, so that many changes do not keep a LOCK waiting
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('shards'))")
LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtext('shards'))")


def stored(kind: Table, names: Iterable[str]) -> TableClause:
    """The table with these columns. The driver decodes JSON of itself, but does not encode it."""
    types = {each.name: each.type for each in kind.c}
    return table(kind.name, *(column(name, types.get(name)) for name in names))


def insert_missing(into: Any) -> Insert:
    """Insert rows, without those whose key is there already."""
    return insert(into).on_conflict_do_nothing()


async def number_from(connection: AsyncConnection, kind: Table, number: int) -> None:
    """Continue the numbers of its column `sequence` from here."""
    sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'sequence'), :number)")
    await connection.execute(sequence, {"name": kind.name, "number": number})
