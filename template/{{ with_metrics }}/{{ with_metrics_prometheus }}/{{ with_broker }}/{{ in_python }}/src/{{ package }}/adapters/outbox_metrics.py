"""How far the outbox is behind: measured apart from the relay, which is silent while the broker is down."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..application import Application
from ..errors import UnavailableError
from ..lifecycle import Task
from ..settings import Settings
from .outbox_table import outbox

LAG = Gauge("outbox_lag_seconds", "Age of the oldest event that was not published yet")
PUBLISHED = Counter("outbox_published_total", "Events that the broker has confirmed")
REJECTED = Counter("outbox_rejected_total", "Attempts to publish an event that the broker did not confirm")
INTERVAL_SECONDS = 5

log = structlog.get_logger()


@asynccontextmanager
async def run(application: Application, _settings: Settings) -> AsyncIterator[Task]:
    measuring = asyncio.create_task(_measure_forever(application.engine), name="outbox metrics")
    try:
        yield measuring
    finally:
        measuring.cancel()
        await asyncio.wait([measuring])


async def _measure_forever(engine: AsyncEngine) -> None:
    while True:
        try:
            LAG.set(await lag_seconds(engine))
        except UnavailableError:  # who raised it has logged why
            log.debug("outbox not measured")
        await asyncio.sleep(INTERVAL_SECONDS)


async def lag_seconds(engine: AsyncEngine) -> float:
    async with engine.connect() as connection:
        oldest: UUID | None = await connection.scalar(select(outbox.c.id).order_by(outbox.c.id).limit(1))
    if oldest is None:
        return 0
    # a version 7 UUID starts with 48 bits of milliseconds since 1970 (RFC 9562, section 5.7)
    return max(0.0, time.time() - (oldest.int >> 80) / 1000)
