"""Migrations use a connection of their own, without the time limit for requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from ..logs import Seldom
from .database import DatabaseSettings
from .tables import quote_names

if TYPE_CHECKING:
    from ..settings import Settings

POLL_SECONDS = 1
LOCK = text("SELECT pg_try_advisory_lock(hashtext('migrations'))")
SESSION = {
    # requests queue behind a statement that waits for its lock
    "lock_timeout": "3s",
    # a statement may take hours, and firewalls drop connections that are idle for long
    "tcp_keepalives_idle": "60",
}
# SQLSTATEs: lock timeout, deadlock
GAVE_WAY = {"55P03", "40P01"}


class MigrationsSettings(BaseModel):
    url: SecretStr = Field(
        SecretStr(""),
        description="of a role that may change the schema, past any pooler; empty: the database's",
    )


def database_of(settings: "Settings") -> DatabaseSettings:
    """The settings of the database, with the role for migrations."""
    url = settings.migrations.url or settings.database.url
    return settings.database.model_copy(update={"url": url})


@asynccontextmanager
async def connect(settings: DatabaseSettings) -> AsyncIterator[AsyncConnection]:
    """A connection that holds the lock for migrations, so that only one process migrates at a time."""
    engine = create_async_engine(
        settings.address,
        poolclass=NullPool,
        connect_args={"timeout": 5, "server_settings": SESSION},
    )
    quote_names(engine)
    async with engine.connect() as connection:
        # polled: CREATE INDEX CONCURRENTLY waits for all statements, and so for one that waits for this lock
        waiting = Seldom()
        while not await connection.scalar(LOCK):
            waiting.warning("another process migrates")
            await connection.rollback()
            await asyncio.sleep(POLL_SECONDS)
        await connection.commit()
        yield connection


def is_locked(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in GAVE_WAY
