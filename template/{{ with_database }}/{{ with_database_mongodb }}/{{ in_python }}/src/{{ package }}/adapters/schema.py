"""The steps of migrations.

Types are those of BSON; a question mark means that a field may be missing. The server commits each step at
once. So a migration that ended early runs again from its beginning, and each step leaves alone what it has
done before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from .database import Document

SHOWN = 10
"""Of the documents that stop a migration, so many are named."""


class Schema:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    async def create(self, collection: str, fields: Mapping[str, str]) -> None:
        if not await self._exists(collection):
            await self._database.create_collection(collection)
        await self._validate(collection, fields)

    async def rename(self, collection: str, new: str) -> None:
        if await self._exists(collection):
            fields = await self._fields(collection)
            await self._database[collection].rename(new)
            # not every server that speaks the protocol of MongoDB takes the validator along
            await self._validate(new, fields)

    async def insert(self, collection: str, *documents: Document) -> None:
        """Insert documents, without those whose `_id` is there already."""
        missing = [UpdateOne({"_id": each["_id"]}, {"$setOnInsert": each}, upsert=True) for each in documents]
        await self._database[collection].bulk_write(missing)

    async def delete(self, collection: str, *ids: object) -> None:
        await self._database[collection].delete_many({"_id": {"$in": ids}})

    async def drop(self, collection: str) -> None:
        await self._database.drop_collection(collection)

    async def set_field(self, collection: str, field: str, kind: str) -> None:
        """Check the field from now on. Documents that exist stay as they are."""
        await self._validate(collection, await self._fields(collection) | {field: kind})

    async def rename_field(self, collection: str, field: str, new: str, kind: str) -> None:
        fields = await self._fields(collection)
        fields.pop(field, None)
        await self._validate(collection, fields | {new: f"{kind.removesuffix('?')}?"})
        await self._database[collection].update_many({field: {"$exists": True}}, {"$rename": {field: new}})
        await self._validate(collection, fields | {new: kind})

    async def drop_field(self, collection: str, field: str) -> None:
        fields = await self._fields(collection)
        fields.pop(field, None)
        await self._validate(collection, fields)
        await self._database[collection].update_many({field: {"$exists": True}}, {"$unset": {field: ""}})

    async def fill(self, collection: str, field: str, value: object) -> None:
        """Give the value to the documents that have none."""
        await self._database[collection].update_many({field: None}, {"$set": {field: value}})

    async def write_digits(self, collection: str, field: str) -> None:
        """Store decimals as text, which has room for more digits."""
        written: list[Any] = [{"$set": {field: {"$toString": f"${field}"}}}]
        await self._database[collection].update_many({field: {"$type": "decimal"}}, written)

    async def add_unique(self, collection: str, field: str) -> None:
        """Sparse: documents without a value do not count."""
        keys = [(field, 1)]
        await self._database[collection].create_index(keys, name=f"{field}_key", unique=True, sparse=True)

    async def add_index(self, collection: str, field: str, then: str = "_id") -> None:
        await self._database[collection].create_index([(field, 1), (then, 1)], name=f"by_{field}")

    async def drop_index(self, collection: str, name: str) -> None:
        if name in await self._database[collection].index_information():
            await self._database[collection].drop_index(name)

    async def check(self, collection: str, wrong: Document, problem: str) -> None:
        """End, with nothing changed, if there are such documents: the first of them are named."""
        found = self._database[collection].find(wrong, ["_id"], sort=[("_id", 1)], limit=SHOWN)
        _stop_at([each["_id"] async for each in found], problem)

    async def check_values(self, collection: str, field: str, gone: list[str], problem: str) -> None:
        """End if one of these values is still there."""
        await self.check(collection, {field: {"$in": gone}}, problem)

    async def check_bounds(
        self,
        collection: str,
        field: str,
        low: float | None,
        high: float | None,
        problem: str,
    ) -> None:
        """End if a number, or the length of a text, lies outside the bounds."""
        value = f"${field}"
        size = {"$cond": [{"$eq": [{"$type": value}, "string"]}, {"$strLenCP": value}, value]}
        below = [{"$lt": [size, low]}] if low is not None else []
        above = [{"$gt": [size, high]}] if high is not None else []
        wrong = {field: {"$ne": None}, "$expr": {"$or": below + above}}
        await self.check(collection, wrong, problem)

    async def check_repeated(self, collection: str, field: str, problem: str) -> None:
        """End if a value is in more than one document."""
        same = {"_id": f"${field}", "ids": {"$push": "$_id"}}
        await self._check_ids(
            collection,
            [
                {"$match": {field: {"$ne": None}}},
                {"$group": same},
                {"$match": {"ids.1": {"$exists": True}}},
                {"$unwind": "$ids"},
                {"$project": {"_id": "$ids"}},
            ],
            problem,
        )

    async def check_references(self, collection: str, field: str, target: str, problem: str) -> None:
        """End if a value is not an id of the other collection."""
        found = {"from": target, "localField": field, "foreignField": "_id", "as": "found"}
        await self._check_ids(
            collection,
            [{"$match": {field: {"$ne": None}}}, {"$lookup": found}, {"$match": {"found": []}}],
            problem,
        )

    async def _check_ids(self, collection: str, stages: Sequence[Document], problem: str) -> None:
        first: list[Document] = [{"$sort": {"_id": 1}}, {"$limit": SHOWN}]
        found = await self._database[collection].aggregate([*stages, *first])
        _stop_at([each["_id"] async for each in found], problem)

    async def _exists(self, collection: str) -> bool:
        return collection in await self._database.list_collection_names()

    async def _fields(self, collection: str) -> dict[str, str]:
        """The fields that are checked now, with their types."""
        [found] = await (await self._database.list_collections(filter={"name": collection})).to_list()
        schema = found["options"]["validator"]["$jsonSchema"]
        return {
            name: types["bsonType"][0] + ("" if name in schema["required"] else "?")
            for name, types in schema["properties"].items()
        }

    async def _validate(self, collection: str, fields: Mapping[str, str]) -> None:
        schema = {
            "bsonType": "object",
            "required": ["_id", *(name for name, kind in fields.items() if not kind.endswith("?"))],
            "properties": {name: {"bsonType": _bson_types(kind)} for name, kind in fields.items()},
        }
        await self._database.command("collMod", collection, validator={"$jsonSchema": schema})


def _bson_types(kind: str) -> list[str]:
    name = kind.removesuffix("?")
    # the driver takes the smaller one if the number fits
    return ["int", "long"] if name == "int" else [name]


def _stop_at(ids: Iterable[UUID], problem: str) -> None:
    if found := ", ".join(map(str, ids)):
        raise SystemExit(f"{problem}: {found}. Correct them, then migrate again")
