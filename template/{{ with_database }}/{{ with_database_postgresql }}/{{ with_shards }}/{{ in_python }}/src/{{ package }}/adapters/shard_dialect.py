"""What shards need of PostgreSQL."""

from typing import Any

from sqlalchemy import FromClause, Table, TextClause, text
from sqlalchemy.dialects.postgresql import Insert, insert

# until the end of the transaction; first come, first served, so that many changes do not keep a LOCK waiting
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('shards'))")
LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtext('shards'))")


def insert_missing(table: FromClause) -> Insert:
    """Insert rows, without those whose key is there already."""
    into: Any = table
    return insert(into).on_conflict_do_nothing()


def number_from(table: Table, number: int) -> TextClause:
    """Continue the numbers of its column `sequence` from here."""
    sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'sequence'), :number)")
    return sequence.bindparams(name=table.name, number=number)
