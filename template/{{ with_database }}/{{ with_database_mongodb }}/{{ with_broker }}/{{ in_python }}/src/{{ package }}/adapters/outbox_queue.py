"""The outbox as relays see it: one queue for each resource.

A relay has a lease of the first event of a resource, and renews it while it publishes. Who has that one may
publish those that follow it. If the relay is killed, others go on once the lease has ended.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from pymongo import DeleteMany, UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from ..application import Application
from ..messaging.event import Chain, Event
from .database import Database, Document
from .leases import ended_by
from .outbox import OUTBOX

LEASE_SECONDS = 30
RENEW_SECONDS = 10
# who gets no renewal in time stops before others may begin
RENEWAL_SECONDS = 10


class Held:
    """The events that a relay has taken, and what becomes of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = database.default[OUTBOX]
        self.owner = uuid4()
        self.heads: list[UUID] = []
        """The first events of resources, for which leases were asked."""
        self.leased = 0
        """The number of those that it got."""
        self.published: list[UUID] = []
        self.postponed: list[tuple[Event, timedelta]] = []

    async def keep(self) -> None:
        """Renew the leases, for as long as that succeeds."""
        renewed = True
        while renewed:
            await asyncio.sleep(RENEW_SECONDS)
            async with asyncio.timeout(RENEWAL_SECONDS):
                renewed = await self._renew()

    async def settle(self) -> None:
        """Remove what was published, postpone what was rejected, and give the rest back: all, or nothing."""
        if self.heads:
            await self.database.transaction(self._settle)

    def release(self) -> None:
        """Give everything back, without waiting for it."""
        if self.heads:
            self.database.start(self.outbox.bulk_write([self._released()]))

    async def _renew(self) -> bool:
        until = {"held_until": {"$add": ["$$NOW", LEASE_SECONDS * 1000]}}
        renewal = self.outbox.update_many(self.leases(), [{"$set": until}])
        return (await self.database.answer(renewal)).matched_count >= self.leased

    async def _settle(self, session: AsyncClientSession) -> None:
        changes: list[Any] = [DeleteMany({"_id": {"$in": self.published}})]
        for event, pause in self.postponed:
            due = {"$set": {"due_at": event["taken_at"] + pause}}
            changes.append(UpdateMany({"resource_id": event["resource_id"]}, due))
            changes.append(UpdateOne({"_id": event["id"]}, {"$inc": {"attempts": 1}}))
        await self.outbox.bulk_write([*changes, self._released()], session=session)

    def leases(self) -> Document:
        return {"_id": {"$in": self.heads}, "owner": self.owner}

    def _released(self) -> UpdateMany:
        return UpdateMany(self.leases(), {"$unset": {"owner": "", "held_until": ""}})


@asynccontextmanager
async def hold(application: Application) -> AsyncIterator[Held]:
    """Hold the events that are taken inside. What becomes of them is written at the end."""
    held = Held(application.database)
    keeping = asyncio.create_task(held.keep())
    try:
        with ended_by(keeping, "events"):
            yield held
        await held.settle()
    except BaseException:
        held.release()
        raise


async def take(held: Held, limit: int, without: Collection[str]) -> list[Chain]:
    """Take the first waiting event of each resource, if it is due and no other relay holds it.

    Up to the limit, each is followed by the later events of its resource, which its lease protects.
    Events of the types in `without`, and those that follow them, are not taken.
    """
    now: datetime = (await held.database.answer(held.database.default.command("hello")))["localTime"]
    free = {"due_at": {"$lte": now}, "held_until": {"$not": {"$gt": now}}}
    found = await _heads(held, {**free, "type": {"$nin": list(without)}}, limit)
    if not found:
        return []
    held.heads = found
    lease = {"owner": held.owner, "held_until": now + timedelta(seconds=LEASE_SECONDS)}
    # another relay may have been faster
    leasing = held.outbox.update_many({"_id": {"$in": found}, **free}, {"$set": lease})
    await held.database.answer(leasing)
    chains = [[head] for head in await _events(held, held.leases(), "due_at", limit, now)]
    held.leased = len(chains)
    by_resource = {chain[0]["resource_id"]: chain for chain in chains}
    if chains and len(chains) < limit:
        heads = [chain[0]["id"] for chain in chains]
        others = {"resource_id": {"$in": list(by_resource)}, "_id": {"$nin": heads}}
        for event in await _events(held, others, "sequence", limit - len(chains), now):
            if event["type"] in without:
                by_resource.pop(event["resource_id"], None)
            elif chain := by_resource.get(event["resource_id"]):
                chain.append(event)
    return chains


async def remove(held: Held, events: Iterable[Event]) -> None:
    """Delete events that were published."""
    held.published += [event["id"] for event in events]


async def postpone(held: Held, event: Event, pause_seconds: float) -> None:
    """Delay an event that was rejected, and with it the later events of its resource."""
    held.postponed.append((event, timedelta(seconds=pause_seconds)))


async def _heads(held: Held, wanted: Document, limit: int) -> list[UUID]:
    """Events that come first in their resource, and will: whatever is recorded later follows them."""
    heads: list[UUID] = []
    resources: list[UUID] = []
    while len(heads) < limit:
        other = {**wanted, "resource_id": {"$nin": resources}}
        found = held.outbox.find(other, sort=[("due_at", 1), ("sequence", 1)], limit=limit)
        events = await held.database.answer(found.to_list())
        if not events:
            break
        first: dict[UUID, Document] = {}
        for event in sorted(events, key=itemgetter("sequence")):
            first.setdefault(event["resource_id"], event)
        behind = await _that_follow(held, first.values())
        heads += [event["_id"] for resource, event in first.items() if resource not in behind]
        resources += first
    return heads[:limit]


async def _that_follow(held: Held, events: Iterable[Document]) -> list[UUID]:
    """The resources that have events before these, which are not due, or which another relay holds."""
    earlier = [{"resource_id": each["resource_id"], "sequence": {"$lt": each["sequence"]}} for each in events]
    return await held.database.answer(held.outbox.distinct("resource_id", {"$or": earlier}))


async def _events(
    held: Held,
    wanted: Mapping[str, Any],
    order: str,
    limit: int,
    now: datetime,
) -> list[Event]:
    found = held.outbox.find(wanted, sort=[(order, 1)], limit=limit)
    documents = await held.database.answer(found.to_list())
    return [{**each, "id": each["_id"], "taken_at": now} for each in documents]
