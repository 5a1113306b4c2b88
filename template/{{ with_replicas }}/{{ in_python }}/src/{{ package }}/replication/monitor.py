"""Measures how far each replica is behind.

The lag is the age of the newest position of the primary that the replica has replayed. A replica's own
answers would not do: `now() - pg_last_xact_replay_timestamp()` grows while nobody writes anything, and
other views of a replica that is cut off from its primary say that it has replayed all it knows of.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from ..adapters.replica_dialect import durable_position, reached, replayed_position
from ..adapters.replicas import Replica, Replicas
from ..application import Application
from ..errors import UnavailableError
from ..lifecycle import Task
from ..settings import Settings

# a replica that is further behind than these is measured again once it has come closer
MAX_SAMPLES = 1000
LONGEST_PAUSE_SECONDS = 10

log = structlog.get_logger()


@asynccontextmanager
async def run(application: Application, settings: Settings) -> AsyncIterator[Task]:
    monitor = Monitor(application.engine, application.replicas, settings.replicas.check_seconds)
    watching = asyncio.create_task(monitor.watch(), name="replica monitor")
    try:
        yield watching
    finally:
        watching.cancel()
        await asyncio.wait([watching])


class Samples:
    """Positions of the primary, each with the time before it was read: all of before is contained."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, str]] = deque(maxlen=MAX_SAMPLES)

    def add(self, at: float, position: str) -> None:
        self._samples.append((at, position))

    def complete_until(self, replayed: str) -> float | None:
        """The time until which a replica that has come so far has everything."""
        return next((at for at, position in reversed(self._samples) if reached(replayed, position)), None)


class Monitor:
    def __init__(self, primary: AsyncEngine, replicas: Replicas, check_seconds: float) -> None:
        self._primary = primary
        self._replicas = replicas
        self._check_seconds = check_seconds
        self._samples = Samples()
        self._used = dict.fromkeys(replicas.all, False)

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._sample))
            for replica in self._replicas.all:
                group.create_task(self._repeat(partial(self._check, replica)))

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                await step()
                failures = 0
            except UnavailableError:
                failures += 1
            await asyncio.sleep(pause(self._check_seconds, failures))

    async def _sample(self) -> None:
        started = time.monotonic()
        if position := await durable_position(self._primary):
            self._samples.add(started, position)

    async def _check(self, replica: Replica) -> None:
        try:
            replayed = await replayed_position(replica.engine)
        except UnavailableError:
            replica.failed()
            raise
        else:
            self._note(replica, replayed)
        finally:
            self._report(replica)

    def _note(self, replica: Replica, replayed: str | None) -> None:
        if replayed is None:
            replica.failed()
        elif (until := self._samples.complete_until(replayed)) is not None:
            replica.answered(until)

    def _report(self, replica: Replica) -> None:
        if replica.usable != self._used[replica]:
            self._used[replica] = replica.usable
            event = "replica used" if replica.usable else "replica not used"
            log.warning(event, replica=replica.name, lag_seconds=round(replica.lag_seconds, 3))


def pause(seconds: float, failures: int) -> float:
    """Doubles with each failure; spread, so that the replicas of the service do not ask all at once."""
    longest = max(seconds, LONGEST_PAUSE_SECONDS)
    return min(seconds * 2.0 ** min(failures, 16), longest) * random.uniform(0.5, 1)
