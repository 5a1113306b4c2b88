"""Publishes what is in the outbox, and removes it when the broker has confirmed it: at least once.

Only one event of each resource is in flight at a time. So any number of relays keep the order, and an event
that is rejected delays only those of its own resource.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from ..adapters import outbox_queue
from ..adapters.publisher import Publisher
from ..application import Application
from ..events import EVENTS
from ..lifecycle import Task, finish
from ..settings import Settings
from ..telemetry import Counter
from .outcome import UNCONFIRMED, Outcome
from .pauses import doubled, wait
from .settings import MessagingSettings

PUBLISHED = Counter(
    "outbox_published_total",
    "Events that the broker has confirmed",
    "event",
    [f"{name}.{change}" for name, _ in EVENTS.values() for change in ("created", "updated", "deleted")],
)
REJECTED = Counter("outbox_rejected_total", "Attempts to publish an event that the broker did not confirm")

LONGEST_PAUSE_SECONDS = 300

log = structlog.get_logger()


@asynccontextmanager
async def run(application: Application, settings: Settings) -> AsyncIterator[Task]:
    """Publish; at the end, also the events of the last requests."""
    stopping = asyncio.Event()
    # the rest is for closing connections
    seconds = settings.shutdown.close_seconds / 2
    relay = Relay(application, settings.broker, stopping, seconds / 2)
    working = application.broker.stay_connected(
        stopping,
        lambda session: relay.publish(Publisher(session, settings.broker, application.health)),
    )
    publishing = asyncio.create_task(working, name="relay")
    try:
        yield publishing
    finally:
        stopping.set()
        # what is still in flight stays in the outbox
        await finish(publishing, seconds, relay.in_flight)


@dataclass(frozen=True)
class Silence:
    """How often events of a type were not confirmed, and when to try again, by the monotonic clock."""

    failures: int
    until: float


class Relay:
    def __init__(
        self,
        application: Application,
        settings: MessagingSettings,
        stopping: asyncio.Event,
        last_seconds: float,
    ) -> None:
        self._application = application
        self._settings = settings
        self._stopping = stopping
        self._last_seconds = last_seconds
        self._suspects = 0  # events of the last batch, of which one has broken the connection
        self._silent: dict[str, Silence] = {}
        self._sending = 0

    def in_flight(self) -> int:
        return self._sending

    async def publish(self, publisher: Publisher) -> None:
        """Publish until the service stops, and then what is left, for a short time."""
        while not self._stopping.is_set():
            if not await self._publish_batch(publisher):
                await wait(self._stopping, self._settings.poll_seconds)
        deadline = time.monotonic() + self._last_seconds
        while await self._publish_batch(publisher) and time.monotonic() < deadline:
            pass

    async def _publish_batch(self, publisher: Publisher) -> bool:
        """Publish events that are due. Returns whether the batch was full, so that there may be more."""
        await publisher.open()
        limit = 1 if self._suspects else self._settings.batch
        async with outbox_queue.hold(self._application) as held:
            chains = await outbox_queue.take(held, limit, self._silent_types())
            self._sending = sum(map(len, chains))
            outcome = await publisher.send(chains)
            if outcome.confirmed:
                await outbox_queue.remove(held, outcome.confirmed)
            for event, _ in outcome.rejected:
                await outbox_queue.postpone(held, event, self._pause(event["attempts"]))
        self._suspects = max(self._suspects - 1, outcome.unanswered)
        self._listen(outcome)
        report(outcome)
        return self._sending == limit

    def _silent_types(self) -> list[str]:
        """Types whose events are skipped at present, so that batches do not wait for them in vain."""
        return [name for name, silence in self._silent.items() if time.monotonic() < silence.until]

    def _listen(self, outcome: Outcome) -> None:
        """Note the types that nobody confirms: events of one type have the same route and time out alike."""
        for name in {event["type"] for event, reason in outcome.rejected if reason == UNCONFIRMED}:
            failures = self._silent[name].failures if name in self._silent else 0
            self._silent[name] = Silence(failures + 1, time.monotonic() + self._pause(failures))
        for event in outcome.confirmed:
            self._silent.pop(event["type"], None)

    def _pause(self, failures: int) -> float:
        return doubled(self._settings.pause_seconds, failures, LONGEST_PAUSE_SECONDS)


def report(outcome: Outcome) -> None:
    if outcome.rejected:
        event, reason = outcome.rejected[0]
        log.warning(
            "events rejected",
            count=len(outcome.rejected),
            message_id=event["id"],
            type=event["type"],
            attempts=event["attempts"] + 1,
            error=reason,
        )
    for event in outcome.confirmed:
        PUBLISHED.add(value=event["type"])
    REJECTED.add(len(outcome.rejected))
