"""The dead letters of SQS."""

from math import ceil

from .broker import DEAD_QUEUE, QUEUE, BrokerSettings, Session


async def redeliver(session: Session, settings: BrokerSettings) -> int:
    """Move as many as there are now to the work queue. Returns their number.

    Not by a task of SQS: that ends later, counts approximately, and a queue has only one at a time.
    """
    dead, work = await session.find(DEAD_QUEUE), await session.find(QUEUE)
    if dead is None or work is None:
        return 0
    count, moved = int(await session.attribute(dead, "ApproximateNumberOfMessages")), 0
    while moved < count:
        hidden_seconds = ceil(settings.timeout_seconds)
        letters = await session.receive(dead, count - moved, hidden_seconds, wait_seconds=1)
        if not letters:
            break
        for letter in letters:
            await session.move(letter, dead, work)
            moved += 1
    return moved
