"""Which documents are kept together: each with all that refers to it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from pymongo import UpdateOne

from ..entity import Entity
from ..sharding.collections import COLLECTIONS
from .database import Database, Document
from .documents import Collection

KEPT_TOGETHER = "kept_together"
"""The collection of references, each as `collection.field`.

So versions of the service that run beside each other move the same documents.
"""

Find = Callable[[str, Document], Awaitable[list[Document]]]
"""Finds, in the collection of this name, the documents that are wanted."""

BY_NAME = {each.name: each for each in COLLECTIONS}


async def note(database: Database) -> None:
    """Note the references that this version knows."""
    known = {f"{each.name}.{field}" for each in COLLECTIONS for field in each.references}
    noted = database.default[KEPT_TOGETHER]
    missing = known - {each["_id"] async for each in noted.find()}
    if missing:
        notes: list[Any] = [
            UpdateOne({"_id": each}, {"$setOnInsert": {"_id": each}}, upsert=True) for each in missing
        ]
        await noted.bulk_write(notes)


async def members(database: Database, ids: Sequence[UUID], find: Find) -> dict[str, list[Document]]:
    """What refers to these ids, and to that, by collections."""
    references = [each["_id"].partition(".") async for each in database.default[KEPT_TOGETHER].find()]
    found: dict[str, list[Document]] = defaultdict(list)
    above = list(ids)
    while above:
        below: list[UUID] = []
        for name, _, field in references:
            documents = await find(name, {field: {"$in": above}})
            found[name] += documents
            below += [each["_id"] for each in documents]
        above = below
    return found


async def size(database: Database, kind: Collection, ids: Sequence[UUID], most: int) -> int:
    """How many documents are kept with these. The counting ends at more than `most` in one collection."""

    async def find(name: str, wanted: Document) -> list[Document]:
        return await database.default[name].find(wanted, ["_id"], limit=most + 1).to_list()

    async def count() -> int:
        first = await find(kind.name, {"_id": {"$in": ids}})
        below = await members(database, [each["_id"] for each in first], find)
        return len(first) + sum(map(len, below.values()))

    return await database.answer(count())


async def root_of(database: Database, kind: Collection, entity: Entity) -> tuple[Collection, list[UUID]]:
    """The document with which the entity is kept and which refers to nothing: its collection and its id.

    With it comes the entity's own id: where the entity was deleted, something else may be left of it.
    """
    if not kind.references:
        return kind, [entity.id]
    [(field, target)] = kind.references.items()
    above = [getattr(entity, field)]
    while (kind := BY_NAME[target]).references:
        [(field, target)] = kind.references.items()
        found = database.default[kind.name].find({"_id": {"$in": above}}, [field])
        above = [each[field] for each in await database.answer(found.to_list())]
    return kind, [*above, entity.id]
