"""Idle connections are checked before their next use, so that a restart of the server fails no request.

SQLAlchemy's pool_pre_ping checks on each use, which takes a quarter of a read.
"""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

PING_AFTER_SECONDS = 1
LAST_USE = "last_use"


def check_idle_connections(engine: AsyncEngine) -> None:
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _check)


def _note_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[LAST_USE] = time.monotonic()


def _check(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    driver: Any = connection
    if driver.driver_connection.is_closed():
        raise DisconnectionError("the server has closed the connection")
    now = time.monotonic()
    if now - entry.info.get(LAST_USE, now) > PING_AFTER_SECONDS:
        try:
            driver.ping()
        except (driver.dbapi.Error, OSError) as error:
            raise DisconnectionError("the connection was lost while it was idle") from error
