"""The connections to the database."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import asyncmy
from asyncmy.constants.CR import CR_SERVER_LOST
from asyncmy.errors import OperationalError
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .dialect import DIALECT, time_limit
from .hosts import each_host, find_primary
from .idle import check_idle_connections
from .outages import Pool, translate
from .stored_types import prepare

CONNECT_SECONDS = 5
# the server ends statements; where it does not answer, or cannot end this one, the connection is closed
GRACE_SECONDS = 1
LOCK_SECONDS = 5

SESSION = "time_zone = '+00:00', sql_mode = 'TRADITIONAL'"
"""Moments are in UTC, and what does not fit into its column is an error."""

Rule = Literal["unique", "reference", "values"]
# by number of the error; others, such as missing values, are bugs in the code
RULES: dict[int, Rule] = {
    1062: "unique",
    1216: "reference",
    1217: "reference",
    1451: "reference",
    1452: "reference",
    3819: "values",
    4025: "values",
}

# numbers of errors of a server that has become a replica
READ_ONLY = {1290, 1792, 1836}
# numbers of errors that are outages
OUTAGES = READ_ONLY | {
    1021,  # the disk is full
    1040,  # the server has no connection left
    1041,  # nor memory
    1053,  # it is stopping
    1114,  # a table is full
    1203,  # the user has no connection left
    1205,  # a lock is held by another transaction, or by a migration
    1213,  # aborted in favour of another transaction
    1226,  # the user is over a limit
    1317,  # somebody has cancelled the statement
    1412,  # a migration has changed the table meanwhile
    1927,  # the connection was killed
    3168,  # the server is starting
}
TIMEOUTS = {1969, 3024}


class DatabaseSettings(BaseModel):
    url: SecretStr = Field(description=f"{DIALECT}://USER:PASSWORD@HOST:PORT/DATABASE")
    pool_size: int = Field(5, ge=1, description="connections; times replicas, they must fit the server")
    pool_timeout_seconds: float = Field(5, gt=0, description="how long a request waits for a connection")
    statement_timeout_seconds: float = Field(10, gt=0)

    @property
    def address(self) -> str:
        """The URL, with the driver, which operators and clouds do not name."""
        return re.sub(f"^{DIALECT}://", f"{DIALECT}+asyncmy://", self.url.get_secret_value())


class Connection(asyncmy.Connection):
    """Waits for an answer no longer than its limit, in seconds.

    Not by the limits of the driver: asyncio.wait_for now and then loses a cancellation before Python 3.12.
    """

    def __init__(self, *, limit: float | None, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[no-untyped-call]  # its types are incomplete
        self._connect_timeout = None
        self._limit = limit

    def is_closed(self) -> bool:
        return bool(self._stream_broken)  # type: ignore[attr-defined]  # missing in its types

    async def _fill_buffer(self, need: int) -> None:
        try:
            async with asyncio.timeout(self._limit):
                await super()._fill_buffer(need)  # type: ignore[misc]  # missing in its types
        except TimeoutError as error:
            raise OperationalError(CR_SERVER_LOST, "the server has not answered in time") from error


async def open_connection(**arguments: Any) -> Connection:
    connection = Connection(**arguments)
    async with asyncio.timeout(CONNECT_SECONDS):
        await connection.connect()
    return connection


@asynccontextmanager
async def connect_engine(settings: DatabaseSettings) -> AsyncIterator[AsyncEngine]:
    limits = f"innodb_lock_wait_timeout = {LOCK_SECONDS}, {time_limit(settings.statement_timeout_seconds)}"
    hosts = each_host(settings.address)
    engine = create_async_engine(
        hosts[0],
        hide_parameters=True,  # they hold what callers have sent
        isolation_level="READ COMMITTED",
        poolclass=Pool,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        connect_args={
            "charset": "utf8mb4",
            "limit": settings.statement_timeout_seconds + GRACE_SECONDS,
            "async_creator_fn": open_connection,
            "init_command": f"SET {SESSION}, {limits}",
        },
    )
    prepare(engine)
    find_primary(engine, hosts)
    event.listen(engine.sync_engine, "handle_error", _leave_replica)
    event.listen(engine.sync_engine, "handle_error", _as_broken_rule, retval=True)
    translate(engine, is_outage, is_timeout)
    check_idle_connections(engine)
    try:
        yield engine
    finally:
        await engine.dispose()


def read_engine(engine: AsyncEngine) -> Engine:
    return engine.sync_engine


def _leave_replica(context: ExceptionContext) -> None:
    """After a failover, new connections find the new primary: drop the old ones."""
    error = context.original_exception
    if error_number(error) in READ_ONLY:
        context.is_disconnect = True


def _as_broken_rule(context: ExceptionContext) -> Exception | None:
    """The driver does not count all broken rules as such."""
    error = context.original_exception
    if isinstance(error, Exception) and error_number(error) in RULES:
        return IntegrityError(context.statement, None, error, hide_parameters=True)
    return None


def is_outage(error: Exception) -> bool:
    return error_number(error) in OUTAGES


def is_timeout(error: Exception) -> bool:
    return error_number(error) in TIMEOUTS or isinstance(error.__cause__, TimeoutError)


def broken_rule(error: IntegrityError) -> Rule | None:
    """What kind of rule the values break; None where it is none that a caller could break."""
    return RULES.get(error_number(error.orig))


def error_number(error: BaseException | None) -> int:
    found = error.args[0] if error and error.args else 0
    return found if isinstance(found, int) else 0
