"""The lag of the outbox, measured apart from the relay, which reports nothing while the broker is down."""

import time
from uuid import UUID

from sqlalchemy import select

from ..application import Application
from .outbox_table import outbox


async def lag_seconds(application: Application) -> float:
    async with application.engine.connect() as connection:
        oldest: UUID | None = await connection.scalar(select(outbox.c.id).order_by(outbox.c.id).limit(1))
    if oldest is None:
        return 0
    # a version 7 UUID starts with 48 bits of milliseconds since 1970 (RFC 9562, section 5.7)
    return max(0.0, time.time() - (oldest.int >> 80) / 1000)
