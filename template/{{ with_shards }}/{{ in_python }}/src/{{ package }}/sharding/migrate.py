"""Migrates all shards, one after the other: `migrate` on the command line."""

import asyncio
import signal

import structlog

from .. import migrate
from ..adapters.database import DatabaseSettings, connect_engine
from ..adapters.migrations import database_of
from ..adapters.placements import claim
from ..adapters.shards import FIRST
from ..settings import Settings

log = structlog.get_logger()


def run(settings: Settings, *arguments: str) -> None:
    """`migrate`, `migrate --removals`, or `migrate --wait`."""
    # the first process of a container ignores SIGTERM unless it says what to do
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if "--wait" in arguments:
        for database in (settings.database, *settings.shards.databases().values()):
            migrate.wait(database)
    else:
        upgrade(settings, removals="--removals" in arguments)


def upgrade(settings: Settings, *, removals: bool = False) -> None:
    """Apply new migrations. If one fails, run this again: it goes on with that shard."""
    databases = {FIRST: database_of(settings), **settings.shards.migrated_databases()}
    for name, database in databases.items():
        try:
            migrate.upgrade(database, removals=removals)
        except Exception:
            log.error("shard not migrated", shard=name)
            raise
        asyncio.run(_claim(database, name))


async def _claim(database: DatabaseSettings, name: str) -> None:
    async with connect_engine(database) as engine:
        await claim(engine, name)
