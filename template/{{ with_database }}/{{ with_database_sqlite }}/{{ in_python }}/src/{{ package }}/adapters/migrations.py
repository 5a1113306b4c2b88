"""How migrations reach SQLite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import UnavailableError
from .database import DatabaseSettings, connect_engine

if TYPE_CHECKING:
    from ..settings import Settings


def database_of(settings: "Settings") -> DatabaseSettings:
    return settings.database


@asynccontextmanager
async def connect(settings: DatabaseSettings) -> AsyncIterator[AsyncConnection]:
    async with connect_engine(settings) as engine, engine.begin() as connection:
        # tables are replaced by copies of themselves: meanwhile, nothing may look after references to them
        await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        # all or nothing, and of several that start at once the others wait
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def is_locked(error: Exception) -> bool:
    return isinstance(error, UnavailableError)
