"""The connections to the replicas of the database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import Field, SecretStr
from sqlalchemy import Connection, event
from sqlalchemy.exc import ProgrammingError

from ..replication.read_after import wanted_position
from ..replication.replicas import BehindError, Replica, Replicas
from .database import DatabaseSettings, connect_engine
from .replica_dialect import each_host, has_replayed


class ReplicasSettings(DatabaseSettings):
    """`url` may have several hosts. Each has a pool of its own, and reads take turns."""

    # short: after that, the primary answers
    pool_timeout_seconds: float = Field(1, gt=0, description="how long a read waits for a connection")
    statement_timeout_seconds: float = Field(2, gt=0)
    max_lag_seconds: float = Field(5, gt=0, description="a replica that is further behind is not used")
    check_seconds: float = Field(0.5, gt=0, description="how often the replicas' positions are compared")


# a change of rows, or one of tables by a migration
NOT_YET_THERE = (BehindError, ProgrammingError)


@asynccontextmanager
async def connect_replicas(settings: ReplicasSettings) -> AsyncIterator[Replicas]:
    async with AsyncExitStack() as stack:
        replicas = []
        for url in each_host(settings.address):
            secret = SecretStr(url.render_as_string(hide_password=False))
            one = settings.model_copy(update={"url": secret})
            engine = await stack.enter_async_context(connect_engine(one))
            event.listen(engine.sync_engine, "engine_connect", _check_position)
            replicas.append(Replica(f"{url.host}:{url.port}", engine, settings.max_lag_seconds))
        yield Replicas(replicas)


def _check_position(connection: Connection) -> None:
    """Ask with the connection of the read itself: behind one name, there may be several servers."""
    if not (position := wanted_position()):
        return
    try:
        replayed = has_replayed(connection.connection.dbapi_connection, position)
    except BaseException:
        connection.invalidate()
        connection.close()
        raise
    if not replayed:
        connection.close()
        raise BehindError(position)
