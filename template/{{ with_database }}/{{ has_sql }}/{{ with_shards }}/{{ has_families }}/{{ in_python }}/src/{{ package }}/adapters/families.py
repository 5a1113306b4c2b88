"""Which rows are kept together: each with all that refers to it, as the tables say."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..entity import Entity
from ..sharding.tables import TABLES
from .database import read_engine
from .reads import fetch

Condition = ColumnElement[bool]

REFERENCES: dict[Table, Column[Any]] = {table: key.parent for table in TABLES for key in table.foreign_keys}
"""The reference of each table that has one, in the order of TABLES."""


def members(kind: Table, ids: Sequence[UUID]) -> dict[Table, Condition]:
    """Which rows are kept with these, by their tables, each after the one to which it refers."""
    found: dict[Table, Condition] = {kind: kind.c.id.in_(ids)}
    for table, reference in REFERENCES.items():
        if (parent := _target(reference)) in found:
            found[table] = reference.in_(select(parent.c.id).where(found[parent]))
    return found


async def size(engine: AsyncEngine, kind: Table, ids: Sequence[UUID], most: int) -> int:
    """How many rows are kept with these. The counting ends at more than `most` in one table."""
    total = 0
    for table, condition in members(kind, ids).items():
        some = select(table.c.id).where(condition).limit(most + 1).subquery()
        [counted] = await fetch(read_engine(engine), select(func.count().label("rows")).select_from(some))
        total += counted["rows"]
    return total


async def root_of(engine: AsyncEngine, kind: Table, entity: Entity) -> tuple[Table, list[UUID]]:
    """The row with which the entity is kept and which refers to nothing: its table and its id.

    With it comes the entity's own id: where the entity was deleted, something else may be left of it.
    """
    if (reference := REFERENCES.get(kind)) is None:
        return kind, [entity.id]
    kind, above = _target(reference), [getattr(entity, reference.name)]
    while (reference := REFERENCES.get(kind)) is not None:
        query = select(reference.label("above")).where(kind.c.id.in_(above))
        above = [row["above"] for row in await fetch(read_engine(engine), query)]
        kind = _target(reference)
    return kind, [*above, entity.id]


def _target(reference: Column[Any]) -> Table:
    [key] = reference.foreign_keys
    return key.column.table
