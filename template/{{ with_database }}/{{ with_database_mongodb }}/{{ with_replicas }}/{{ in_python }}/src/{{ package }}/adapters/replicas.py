"""The connections to the replicas of the database.

Each has a client of its own. One for the whole replica set could not be asked for one member, and the
driver's own bound for the lag is 90 seconds at least.
"""

from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from pydantic import Field, SecretStr

from ..replication.read_after import wanted_position
from ..replication.replicas import BehindError, Replica, Replicas
from .database import Database, DatabaseSettings, connect_database
from .replica_dialect import each_host, reached, replayed_position, timestamp

T = TypeVar("T")

NOT_YET_THERE = (BehindError,)


class ReplicasSettings(DatabaseSettings):
    """`url` may have several hosts. Each has a pool of its own, and those that are secondaries take turns."""

    # short: after that, the primary answers
    pool_timeout_seconds: float = Field(1, gt=0, description="how long a read waits for a connection")
    statement_timeout_seconds: float = Field(2, gt=0)
    max_lag_seconds: float = Field(5, gt=0, description="a replica that is further behind is not used")
    check_seconds: float = Field(0.5, gt=0, description="how often the replicas' positions are compared")


class CausalDatabase(Database):
    """Reads see what the caller wants to see, or are refused."""

    async def answer(self, work: Coroutine[Any, Any, T]) -> T:
        if not (position := wanted_position()):
            return await super().answer(work)
        try:
            await self._expect(position)
        except BaseException:
            work.close()
            raise
        return await super().answer(self._after(position, work))

    async def _expect(self, position: str) -> None:
        """A replica that is behind would have the caller wait."""
        plain = Database(self.client, self.default, self.timeout_seconds, self.working)
        replayed = await replayed_position(plain)
        if not (replayed and reached(replayed, position)):
            raise BehindError(position)

    async def _after(self, position: str, work: Coroutine[Any, Any, T]) -> T:
        session = self.client.start_session(causal_consistency=True)
        session.advance_operation_time(timestamp(position))
        async with session.bind():
            return await work


@asynccontextmanager
async def connect_replicas(settings: ReplicasSettings) -> AsyncIterator[Replicas]:
    async with AsyncExitStack() as stack:
        replicas = []
        for name, url in each_host(settings.url.get_secret_value()):
            one = settings.model_copy(update={"url": SecretStr(url)})
            known = await stack.enter_async_context(connect_database(one))
            database = CausalDatabase(known.client, known.default, known.timeout_seconds, known.working)
            replicas.append(Replica(name, database, settings.max_lag_seconds))
        yield Replicas(replicas)
