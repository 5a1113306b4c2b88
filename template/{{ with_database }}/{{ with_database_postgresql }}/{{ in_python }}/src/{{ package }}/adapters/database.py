"""The connections to PostgreSQL."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Literal

from asyncpg.exceptions import InvalidCachedStatementError
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from .outages import Pool, translate
from .tables import quote_names

PING_AFTER_SECONDS = 1
LAST_USE = "last_use"

Rule = Literal["unique", "reference", "values"]
# by SQLSTATE (PostgreSQL's documentation, appendix A); others, such as missing values, are bugs in the code
RULES: dict[str | None, Rule] = {
    "23505": "unique",
    "23503": "reference",
    "23001": "reference",
    "23514": "values",
    "23P01": "values",
}

# SQLSTATEs of outages, or their first characters (PostgreSQL's documentation, appendix A)
OUTAGES = (
    "08",  # the connection is lost
    "25006",  # the server has become a replica
    "40",  # aborted in favour of another transaction
    "53",  # the server lacks connections, memory or disk
    "55P03",  # a lock is held by a migration
    "57",  # the server is stopping or starting, or somebody has cancelled the statement
)


class DatabaseSettings(BaseModel):
    url: SecretStr = Field(description="postgresql+asyncpg://USER:PASSWORD@HOST:PORT/DATABASE")
    pool_size: int = Field(5, ge=1, description="connections; times replicas, they must fit the server")
    pool_timeout_seconds: float = Field(5, gt=0, description="how long a request waits for a connection")
    statement_timeout_seconds: float = Field(10, gt=0)


@asynccontextmanager
async def connect_engine(settings: DatabaseSettings) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(
        settings.url.get_secret_value(),
        hide_parameters=True,  # they hold what callers have sent
        poolclass=Pool,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        connect_args={"timeout": 5, "command_timeout": settings.statement_timeout_seconds},
    )
    quote_names(engine)
    event.listen(engine.sync_engine, "connect", _read_decimals_as_text)
    translate(engine, is_outage)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _check_idle)
    try:
        yield engine
    finally:
        await engine.dispose()


def read_engine(engine: AsyncEngine) -> Engine:
    """The same pool for reads, without transactions, which saves two round trips."""
    return engine.sync_engine.execution_options(isolation_level="AUTOCOMMIT")


def _read_decimals_as_text(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """The driver's own decoder returns 100000 as 1.0E+5."""
    driver: Any = connection
    codec = {"schema": "pg_catalog", "format": "text", "encoder": str, "decoder": Decimal}
    driver.run_async(lambda asyncpg: asyncpg.set_type_codec("numeric", **codec))


def _note_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[LAST_USE] = time.monotonic()


def _check_idle(
    connection: DBAPIConnection,
    entry: ConnectionPoolEntry,
    _proxy: PoolProxiedConnection,
) -> None:
    """Check connections that were idle, so that a restart of the server fails no request.

    SQLAlchemy's pool_pre_ping checks on each use, which takes a quarter of a read.
    """
    driver: Any = connection
    now = time.monotonic()
    if now - entry.info.get(LAST_USE, now) > PING_AFTER_SECONDS:
        try:
            driver.ping()
        except (driver.dbapi.Error, OSError) as error:
            raise DisconnectionError("the connection was lost while it was idle") from error


def is_outage(error: Exception) -> bool:
    # a migration has changed what a prepared statement returns; the next use prepares it again
    stale = isinstance(error.__cause__, InvalidCachedStatementError)
    return stale or (getattr(error, "sqlstate", None) or "").startswith(OUTAGES)


def broken_rule(error: IntegrityError) -> Rule | None:
    """What kind of rule the values break; None where it is none that a caller could break."""
    return RULES.get(getattr(error.orig, "sqlstate", None))
