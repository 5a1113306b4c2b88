"""The sessions that move rows, noted so that others can end them.

If a process was killed, the server would keep its transaction for a minute. If it goes on, its transaction
only begins again.
"""

from typing import Any
from uuid import UUID

from bson import Binary
from pymongo.asynchronous.client_session import AsyncClientSession

from .database import Database, Document

MOVES = "shard_moves"
"""The collection: sessions, and the ids of the rows that they move."""


def patience(database: Database) -> float:
    """How many seconds to wait for a session, so that some are left."""
    return database.timeout_seconds / 3


async def note(database: Database, session: AsyncClientSession, ids: list[UUID]) -> Any:
    """Returns what it has noted, to be forgotten at the end."""
    own = _id(session)
    await database.default[MOVES].update_one({"_id": own}, {"$set": {"ids": ids}}, upsert=True)
    return own


async def forget(database: Database, noted: set[Any]) -> None:
    await database.answer(database.default[MOVES].delete_many({"_id": {"$in": list(noted)}}))


async def end(database: Database, wanted: Document) -> None:
    """A user may end sessions of its own."""
    noted = [each["_id"] async for each in database.default[MOVES].find(wanted, ["_id"])]
    if noted:
        sessions = [{"id": Binary.from_uuid(each)} for each in noted]
        await database.client.admin.command("killSessions", sessions)
        await database.default[MOVES].delete_many({"_id": {"$in": noted}})


async def end_others(database: Database, session: AsyncClientSession, ids: list[UUID]) -> None:
    await end(database, {"ids": {"$in": ids}, "_id": {"$ne": _id(session)}})


def _id(session: AsyncClientSession) -> Any:
    return session.session_id["id"]
