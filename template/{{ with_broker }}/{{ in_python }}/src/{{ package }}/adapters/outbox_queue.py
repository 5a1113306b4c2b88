"""The outbox as relays see it: one queue for each resource."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy import RowMapping, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .outbox_table import outbox

Chain = list[RowMapping]
"""Events of one resource, in order."""


async def take(connection: AsyncConnection, limit: int, without: Collection[str]) -> list[Chain]:
    """Lock the first waiting event of each resource, if it is due and no other relay holds it.

    Up to the limit, each is followed by the later events of its resource, which its lock protects.
    Events of the types in `without`, and those that follow them, are not taken.
    """
    other = outbox.alias()
    earlier = (other.c.resource_id == outbox.c.resource_id, other.c.sequence < outbox.c.sequence)
    # not NOT EXISTS: with outdated statistics, the database may scan the whole table for it
    previous = select(func.max(other.c.sequence)).where(*earlier).scalar_subquery()
    heads = (
        select(outbox, func.now().label("taken_at"))
        .where(outbox.c.due_at <= func.now(), outbox.c.type.not_in(without), previous.is_(None))
        .order_by(outbox.c.due_at, outbox.c.sequence)
        .limit(limit)
        .with_for_update(of=outbox, skip_locked=True)
    )
    chains = [[event] for event in (await connection.execute(heads)).mappings()]
    by_resource = {chain[0]["resource_id"]: chain for chain in chains if chain[0]["resource_id"]}
    if by_resource and len(chains) < limit:
        followers = (
            select(outbox, func.now().label("taken_at"))
            .where(outbox.c.resource_id.in_(by_resource))
            .where(outbox.c.id.not_in([chain[0]["id"] for chain in chains]))
            .order_by(outbox.c.sequence)
            .limit(limit - len(chains))
        )
        for event in (await connection.execute(followers)).mappings():
            if event["type"] in without:
                by_resource.pop(event["resource_id"], None)
            elif chain := by_resource.get(event["resource_id"]):
                chain.append(event)
    return chains


async def remove(connection: AsyncConnection, events: Iterable[RowMapping]) -> None:
    """Delete events that were published."""
    ids = [event["id"] for event in events]
    await connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


async def postpone(connection: AsyncConnection, event: RowMapping, pause_seconds: float) -> None:
    """Delay an event that was rejected, and with it the later events of its resource."""
    this = outbox.c.id == event["id"]
    values = {
        "attempts": outbox.c.attempts + case((this, 1), else_=0),
        "due_at": event["taken_at"] + timedelta(seconds=pause_seconds),
    }
    held_up = this if event["resource_id"] is None else outbox.c.resource_id == event["resource_id"]
    await connection.execute(update(outbox).where(held_up).values(values))
