"""How SQLite is reached."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

from pydantic import BaseModel, SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only, greenlet_spawn

from .outages import Pool, translate
from .tables import quote_names

Rule = Literal["unique", "reference", "values"]
# others are mistakes of the code, such as a missing value
RULES: dict[str | None, Rule] = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "reference",
    "SQLITE_CONSTRAINT_TRIGGER": "reference",  # ON DELETE RESTRICT
    "SQLITE_CONSTRAINT_CHECK": "values",
}

# result codes of a file that cannot be used at present (sqlite.org/rescode.html)
OUTAGES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}


class DatabaseSettings(BaseModel):
    url: SecretStr = SecretStr("sqlite+aiosqlite:///data.db")


@asynccontextmanager
async def connect_engine(settings: DatabaseSettings) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(settings.url.get_secret_value(), poolclass=Pool, hide_parameters=True)
    quote_names(engine)
    translate(engine, is_outage)
    event.listen(engine.sync_engine, "do_connect", _open)
    event.listen(engine.sync_engine, "connect", _configure)
    try:
        yield engine
    finally:
        await engine.dispose()


def read_engine(engine: AsyncEngine) -> Engine:
    """The same connections for reads: the driver begins a transaction with the first change only."""
    return engine.sync_engine


def _open(
    dialect: Dialect,
    _entry: ConnectionPoolEntry,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
) -> DBAPIConnection:
    """A caller who leaves meanwhile waits: the connection's thread answers the event loop, which may end."""
    opening = asyncio.create_task(greenlet_spawn(dialect.connect, *arguments, **options))
    try:
        return await_only(asyncio.shield(opening))
    except asyncio.CancelledError:
        with suppress(dialect.loaded_dbapi.Error):
            await_only(opening).close()
        raise


def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous = NORMAL")  # safe with WAL
    cursor.execute("PRAGMA foreign_keys = ON")  # SQLite looks after references only where it is told to
    cursor.execute("PRAGMA busy_timeout = 5000")  # milliseconds that a writer waits for another
    cursor.close()


def is_outage(error: Exception) -> bool:
    # the lowest byte is the kind, the rest its details
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in OUTAGES


def broken_rule(error: IntegrityError) -> Rule | None:
    """What kind of rule the values break; None where it is none that a caller could break."""
    return RULES.get(getattr(error.orig, "sqlite_errorname", None))
