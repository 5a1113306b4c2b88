"""The outbox: events are written in the transaction of the change that they describe.

So an event is published if, and only if, its change was committed. messaging/relay.py publishes events;
outbox_queue.py is their queue.
"""

from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import Delete, Insert, Update, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from ..entity import Entity
from ..events import EVENTS
from ..messaging import envelope
from .outbox_table import outbox

Change = Literal["created", "updated", "deleted"]
CHANGES: dict[type[Any], Change] = {Insert: "created", Update: "updated", Delete: "deleted"}


async def record(connection: AsyncConnection, change: Change, entity: Entity) -> None:
    """Record the event of a change, in its transaction and after it.

    The change has locked its row until the commit, so the events of a row are numbered in commit order.
    """
    name, body = EVENTS[type(entity)]
    if change == "deleted":
        entity = replace(entity, version=entity.version + 1)
    event = {
        "id": uuid7(),
        "resource_id": entity.id,
        "type": f"{name}.{change}",
        "body": body(entity),
        "headers": envelope.recorded(name),
    }
    await connection.execute(insert(outbox), event)
