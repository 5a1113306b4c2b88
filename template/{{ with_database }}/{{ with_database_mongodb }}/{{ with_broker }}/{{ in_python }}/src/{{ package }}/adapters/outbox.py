"""The outbox: events are written in the transaction of the change that they describe.

So an event is published if, and only if, its change was committed. messaging/relay.py publishes events;
outbox_queue.py is their queue.
"""

from dataclasses import replace

from pymongo.asynchronous.client_session import AsyncClientSession
from uuid_utils.compat import uuid7

from ..entity import Entity
from ..events import EVENTS
from ..messaging import envelope
from .database import Database
from .documents import Change

OUTBOX = "outbox"
"""The collection. Times in it are the database's, so clocks of replicas do not matter."""


async def record(database: Database, session: AsyncClientSession, change: Change, entity: Entity) -> None:
    """Record the event of a change, in its transaction and after it.

    Of two transactions that change one document, the second can do so only after the commit of the first. By
    then, the logical clock of the replica set has gone on: events of a document are numbered in commit order.
    """
    name, body = EVENTS[type(entity)]
    if change == "deleted":
        entity = replace(entity, version=entity.version + 1)
    event = {
        "sequence": database.clock(session),
        "resource_id": entity.id,
        "type": f"{name}.{change}",
        "body": body(entity),
        "headers": envelope.recorded(name),
        "attempts": 0,
    }
    at_once = {"$set": event, "$currentDate": {"due_at": True}}
    await database.default[OUTBOX].update_one({"_id": uuid7()}, at_once, upsert=True, session=session)
