"""A client of the service's messages: receives its events and sends commands."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aio_pika
from aio_pika import ExchangeType
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustConnection
from aio_pika.exceptions import AMQPError

TRIES = 300
_told: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Events:
    """The events received so far, as (routing key, body)."""

    received: list[tuple[str, str]] = field(default_factory=list)

    async def until(self, routing_key: str, *identities: str, seconds: int = 60) -> None:
        """Wait until there is an event with this key for each resource."""
        for _ in range(seconds * 10):
            bodies = [body for key, body in self.received if key == routing_key]
            missing = {*identities}.difference(*map(UUID.findall, bodies))
            if not missing:
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{len(missing)} {routing_key} events did not arrive, such as {min(missing)}")


@asynccontextmanager
async def listening(url: str, exchange: str) -> AsyncIterator[Events]:
    """All events of the exchange from now on, including across a crash of the server."""
    events = Events()

    async def receive(message: AbstractIncomingMessage) -> None:
        async with message.process():
            events.received.append((message.routing_key or "", message.body.decode()))

    async with await connect(url) as connection:
        channel = await connection.channel()
        # a quorum queue keeps confirmed messages, whatever happens to the server
        queue = await channel.declare_queue("probe", durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(exchange, "#")
        await queue.consume(receive)
        yield events


async def stored_events(url: str) -> list[tuple[str, str]]:
    """The type and the resource's id of all events since the first call, which binds a queue."""
    async with await connect(url) as connection, connection.channel() as channel:
        exchange = await channel.declare_exchange("orders.events", ExchangeType.TOPIC, durable=True)
        queue = await channel.declare_queue("probe", durable=True)
        await queue.bind(exchange, "#")
        while message := await queue.get(fail=False):
            _told[url].append((message.type or "", str(json.loads(message.body)["id"])))
            await message.ack()
    return list(_told[url])


async def send_commands(url: str, names: Iterable[str]) -> None:
    """Send a create command per name until the server confirms it. The message id depends on the name."""
    async with await connect(url) as connection:
        for name in names:
            for _ in range(TRIES):
                if await _confirmed(connection, name):
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.01)


async def _confirmed(connection: AbstractRobustConnection, name: str) -> bool:
    message = aio_pika.Message(
        json.dumps({"name": name, "quantity": 1}).encode(),
        type="order.create",
        message_id=name,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    try:
        async with asyncio.timeout(5), connection.channel() as channel:
            await channel.default_exchange.publish(message, routing_key="orders.commands", mandatory=True)
    except (AMQPError, OSError, TimeoutError, RuntimeError):
        return False
    return True


async def connect(url: str) -> AbstractRobustConnection:
    """A connection that reconnects after a crash of the server."""
    return await aio_pika.connect_robust(url, timeout=10, reconnect_interval=0.5)
