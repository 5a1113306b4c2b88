"""The connections to the replicas of the database, and what is known of each."""

import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle

from pydantic import Field, SecretStr
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from ..replication.read_after import wanted_position
from .database import DatabaseSettings, connect_engine
from .replica_dialect import each_host, has_replayed


class ReplicasSettings(DatabaseSettings):
    """`url` may have several hosts. Each has a pool of its own, and reads take turns."""

    # short: after that, the primary answers
    pool_timeout_seconds: float = Field(1, gt=0, description="how long a read waits for a connection")
    statement_timeout_seconds: float = Field(2, gt=0)
    max_lag_seconds: float = Field(5, gt=0, description="a replica that is further behind is not used")
    check_seconds: float = Field(0.5, gt=0, description="how often the replicas' positions are compared")


class BehindError(Exception):
    """The replica has not replayed what the caller wants to see."""


class Replica:
    """One replica. It is used while it answers and is not too far behind."""

    def __init__(self, name: str, engine: AsyncEngine, max_lag_seconds: float) -> None:
        self.name = name
        self.engine = engine
        self._max_lag_seconds = max_lag_seconds
        self._answers = False
        self._complete_until = -math.inf

    def answered(self, complete_until: float) -> None:
        """It has everything that was committed until then, by the monotonic clock."""
        self._answers = True
        self._complete_until = max(self._complete_until, complete_until)

    def failed(self) -> None:
        """It is not used until it has answered again."""
        self._answers = False

    @property
    def lag_seconds(self) -> float:
        """It grows by itself: also where nobody has heard of the replica for a while. At first, infinite."""
        return time.monotonic() - self._complete_until

    @property
    def usable(self) -> bool:
        return self._answers and self.lag_seconds <= self._max_lag_seconds


class Replicas:
    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.all = replicas
        self._turns = cycle(replicas)

    def next_usable(self) -> Replica | None:
        """One after the other, without those that cannot be used at present."""
        turns = (next(self._turns) for _ in self.all)
        return next((replica for replica in turns if replica.usable), None)


@asynccontextmanager
async def connect_replicas(settings: ReplicasSettings) -> AsyncIterator[Replicas]:
    async with AsyncExitStack() as stack:
        replicas = []
        for url in each_host(settings.url.get_secret_value()):
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
