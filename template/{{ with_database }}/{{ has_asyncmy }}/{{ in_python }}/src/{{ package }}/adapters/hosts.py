"""Several hosts in one URL: one of them is the primary, and after a failover another one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

PORT = 3306
READ_ONLY = 1290


def each_host(url: str) -> list[URL]:
    """`…@/DATABASE?host=A:3306&host=B:3306` as a URL for each host."""
    whole = make_url(url)
    hosts = whole.normalized_query.get("host", ())
    rest = whole.difference_update_query(["host"])
    return [_with_host(rest, host) for host in hosts] or [whole]


def find_primary(engine: AsyncEngine, hosts: Sequence[URL]) -> None:
    """New connections go to the first host that answers and takes writes. A single host may be a replica."""

    def connect(
        dialect: Dialect,
        _entry: ConnectionPoolEntry,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> DBAPIConnection:
        driver: Any = dialect.loaded_dbapi
        failure: Exception = driver.OperationalError(READ_ONLY, "none of the hosts takes writes")
        for host in hosts:
            try:
                connection = dialect.connect(*arguments, **options | {"host": host.host, "port": host.port})
                if not _is_read_only(connection):
                    return connection
                connection.close()
            except (driver.Error, OSError) as error:
                failure = error
        raise failure

    if len(hosts) > 1:
        event.listen(engine.sync_engine, "do_connect", connect)


def _is_read_only(connection: DBAPIConnection) -> bool:
    cursor = connection.cursor()
    cursor.execute("SELECT @@global.read_only")
    [(read_only,)] = cursor.fetchall()
    cursor.close()
    return bool(read_only)


def _with_host(url: URL, address: str) -> URL:
    host, _, port = address.rpartition(":")
    known = host and port.isdigit()
    return url.set(host=host, port=int(port)) if known else url.set(host=address, port=PORT)
