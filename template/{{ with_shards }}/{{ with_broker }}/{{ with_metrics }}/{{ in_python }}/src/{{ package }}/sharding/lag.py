"""The lag of the outboxes on the shards but the first."""

import asyncio
from dataclasses import replace

from ..adapters import outbox_lag
from ..application import Application


async def shards_lag_seconds(application: Application) -> float:
    """That of the slowest."""
    each = (replace(application, engine=engine) for engine in application.other_shards.values())
    return max(await asyncio.gather(*map(outbox_lag.lag_seconds, each)), default=0)
