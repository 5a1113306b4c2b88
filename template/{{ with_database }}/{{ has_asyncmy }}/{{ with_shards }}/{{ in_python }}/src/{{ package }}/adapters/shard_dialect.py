"""What shards need of InnoDB. Its locks by name do not end with a transaction, so a row is locked."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, TableClause, column, delete, literal_column, table, text
from sqlalchemy.dialects.mysql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

# until the end of the transaction; a LOCK that waits is granted before the LOCK_SHARED that come after it
LOCK = text("SELECT epoch FROM shard_placement FOR UPDATE")
LOCK_SHARED = text("SELECT epoch FROM shard_placement LOCK IN SHARE MODE")


def stored(kind: Table, names: Iterable[str]) -> TableClause:
    """The table with these columns, whose values the driver takes as it gives them."""
    return table(kind.name, *(column(name) for name in names))


def insert_missing(into: Any) -> Insert:
    """Insert rows, without those whose key is there already. IGNORE would accept wrong values, too."""
    return insert(into).on_duplicate_key_update(id=into.c.id)


async def number_from(connection: AsyncConnection, kind: Table, number: int) -> None:
    """Continue the numbers of its column `sequence` from here, by a row that nobody sees.

    Numbers follow the highest that was ever given. ALTER TABLE would commit the transaction.
    """
    needed = (each for each in kind.c if not each.nullable and each.server_default is None)
    row: dict[str, Any] = {each.name: literal_column("''") for each in needed}
    await connection.execute(insert(kind).values(row | {"sequence": number - 1}))
    await connection.execute(delete(kind).where(kind.c.sequence == number - 1))
