"""How migrations reach MongoDB, and which of them are applied."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import BaseModel, Field, SecretStr
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from ..logs import Seldom
from .database import DatabaseSettings, Document, connect_database
from .leases import ended_by
from .outages import translated

if TYPE_CHECKING:
    from ..settings import Settings

MIGRATIONS = "migrations"
"""The collection with the applied migrations, and the lease of the process that applies them."""
LEASE = "lease"
LEASE_SECONDS = 60
RENEW_SECONDS = 10
POLL_SECONDS = 0.5
# an index of a large collection takes longer than a request may
STEP_SECONDS = 24 * 3600


class MigrationsSettings(BaseModel):
    url: SecretStr = Field(
        SecretStr(""),
        description="of a user who may change collections; empty: the database's",
    )


def database_of(settings: "Settings") -> DatabaseSettings:
    """The settings of the database, with the user for migrations."""
    url = settings.migrations.url or settings.database.url
    return settings.database.model_copy(update={"url": url})


async def applied(settings: DatabaseSettings) -> set[str]:
    """The revisions of the applied migrations."""
    async with connect_database(settings) as database:
        with translated():
            return await _applied(database.default[MIGRATIONS])


async def record(database: AsyncDatabase[Document], revision: str) -> None:
    applied_at = {"$currentDate": {"applied_at": True}}
    await database[MIGRATIONS].update_one({"_id": revision}, applied_at, upsert=True)


@asynccontextmanager
async def migrating(settings: DatabaseSettings) -> AsyncIterator[AsyncDatabase[Document]]:
    """The database, while this process holds the lease: only one process migrates at a time."""
    owner = str(uuid4())
    patient = settings.model_copy(update={"statement_timeout_seconds": STEP_SECONDS})
    async with connect_database(patient) as database:
        leases = database.default[MIGRATIONS]
        await _take(leases, owner)
        keeping = asyncio.create_task(_keep(leases, owner))
        try:
            with ended_by(keeping, "migrations"):
                yield database.default
        finally:
            await leases.delete_one({"_id": LEASE, "owner": owner})


async def _applied(migrations: AsyncCollection[Document]) -> set[str]:
    return {each["_id"] async for each in migrations.find({"_id": {"$ne": LEASE}}, ["_id"])}


async def _take(leases: AsyncCollection[Document], owner: str) -> None:
    """Wait for the lease. It ends if it is not renewed, by the clock of the one that waits."""
    waiting = Seldom()
    seen, since = None, time.monotonic()
    while True:
        try:
            await leases.insert_one({"_id": LEASE, "owner": owner, "renewals": 0})
            return
        except DuplicateKeyError:
            waiting.warning("another process migrates")
        held = await leases.find_one({"_id": LEASE})
        if held != seen:
            seen, since = held, time.monotonic()
        elif held and time.monotonic() - since > LEASE_SECONDS:
            await leases.delete_one(held)
        await asyncio.sleep(POLL_SECONDS)


async def _keep(leases: AsyncCollection[Document], owner: str) -> None:
    """Renew the lease, for as long as that succeeds."""
    renewed = True
    while renewed:
        await asyncio.sleep(RENEW_SECONDS)
        renewal = await leases.update_one({"_id": LEASE, "owner": owner}, {"$inc": {"renewals": 1}})
        renewed = renewal.matched_count > 0
