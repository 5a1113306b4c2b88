"""The dead letters of RabbitMQ."""

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity

from .broker import DEAD_QUEUE, QUEUE, BrokerSettings


async def redeliver(channel: AbstractChannel, settings: BrokerSettings) -> int:
    """Move as many as there are now to the work queue. Returns their number."""
    try:
        queue = await channel.get_queue(DEAD_QUEUE)
    except ChannelNotFoundEntity:
        return 0
    moved = 0
    for _ in range(queue.declaration_result.message_count or 0):
        if not (letter := await queue.get(fail=False, timeout=settings.timeout_seconds)):
            break
        exchange = channel.default_exchange
        await exchange.publish(_command(letter), QUEUE, timeout=settings.timeout_seconds)
        await letter.ack()
        moved += 1
    return moved


def _command(letter: AbstractIncomingMessage) -> Message:
    """The command as it was sent: without what RabbitMQ has counted."""
    sent = {name: value for name, value in letter.headers.items() if not name.startswith("x-")}
    return Message(
        letter.body,
        headers=sent,
        content_type=letter.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=letter.message_id,
        type=letter.type,
        app_id=letter.app_id,
    )
