"""The lag of the outbox, measured apart from the relay, which reports nothing while the broker is down."""

import time
from uuid import UUID

from ..application import Application
from .outbox import OUTBOX


async def lag_seconds(application: Application) -> float:
    database = application.database
    oldest = await database.answer(database.default[OUTBOX].find_one({}, ["_id"], sort=[("_id", 1)]))
    if oldest is None:
        return 0
    recorded: UUID = oldest["_id"]
    # a version 7 UUID starts with 48 bits of milliseconds since 1970 (RFC 9562, section 5.7)
    return max(0.0, time.time() - (recorded.int >> 80) / 1000)
