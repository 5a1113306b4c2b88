"""Sends dead letters to the work queue again: `redeliver` on the command line."""

import asyncio
import signal

import structlog

from .adapters.broker import BrokerSettings, connect_broker
from .adapters.dead_letters import redeliver
from .messaging.connection import is_outage
from .settings import Settings

log = structlog.get_logger()


def run(settings: Settings) -> int:
    """Redeliver what is dead now. Returns the exit status.

    Those that fail again come back as dead letters. If this is interrupted, a command may be both dead and in
    the work queue: it takes effect once.
    """
    # the first process of a container ignores SIGTERM unless it says what to do
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return asyncio.run(_run(settings.broker))


async def _run(settings: BrokerSettings) -> int:
    async with connect_broker(settings) as broker:
        try:
            async with broker.session() as session:
                count = await redeliver(session, settings)
        except Exception as error:
            if not is_outage(error, broker.lost):
                raise
            log.error("the broker is unavailable", error=repr(error))
            return 1
    log.info("redelivered", count=count)
    return 0
