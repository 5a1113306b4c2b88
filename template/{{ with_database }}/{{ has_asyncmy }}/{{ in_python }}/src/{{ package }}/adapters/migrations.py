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
from .database import SESSION, DatabaseSettings, error_number, open_connection
from .hosts import each_host, find_primary
from .stored_types import prepare

if TYPE_CHECKING:
    from ..settings import Settings

POLL_SECONDS = 1
# of the whole server, so that its name has to tell databases apart
LOCK = text("SELECT GET_LOCK(CONCAT('migrations.', LEFT(SHA2(DATABASE(), 256), 40)), 0)")
# requests queue behind a statement that waits for its lock
LOCK_WAIT_SECONDS = 3
# lock wait timeout, deadlock
GAVE_WAY = {1205, 1213}


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
    from . import migration_steps  # serving needs no migration tool

    locks = f"lock_wait_timeout = {LOCK_WAIT_SECONDS}, innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}"
    hosts = each_host(settings.address)
    engine = create_async_engine(
        hosts[0],
        poolclass=NullPool,
        connect_args={
            "charset": "utf8mb4",
            "limit": None,
            "async_creator_fn": open_connection,
            "init_command": f"SET {SESSION}, {locks}",
        },
    )
    prepare(engine)
    find_primary(engine, hosts)
    async with engine.connect() as connection:
        # polled: a statement that waits would be one that migrations wait for
        waiting = Seldom()
        while not await connection.scalar(LOCK):
            waiting.warning("another process migrates")
            await connection.rollback()
            await asyncio.sleep(POLL_SECONDS)
        await connection.commit()
        yield connection
        await connection.run_sync(migration_steps.clean)
        await connection.commit()


def is_locked(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error_number(error.orig) in GAVE_WAY
