"""Another service, on NATS: sends commands, and reads the events that were stored."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import nats
import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy
from nats.js.errors import NotFoundError

TRIES = 300
# the server does not wait for acknowledgements before it goes on
UNTRACKED = ConsumerConfig(ack_policy=AckPolicy.NONE)


async def send_commands(url: str, names: Iterable[str]) -> None:
    """Send a create command per name until the server confirms it. The message id depends on the name."""
    async with _connected(url) as client:
        jetstream = client.jetstream(timeout=2)
        for name in names:
            body = json.dumps({"name": name, "quantity": 1}).encode()
            headers = {"type": "order.create", "message-id": name}
            for _ in range(TRIES):
                try:
                    await jetstream.publish("orders.commands", body, headers=headers)
                    break
                except (nats.errors.Error, OSError):
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.01)


async def stored_events(url: str) -> list[tuple[str, str]]:
    """The type and the resource's id of all events in the stream."""
    async with _connected(url) as client:
        jetstream = client.jetstream()
        try:
            waiting = (await jetstream.stream_info("orders-events")).state.messages
        except NotFoundError:
            return []
        events = await jetstream.pull_subscribe("orders.events.>", config=UNTRACKED)
        found: list[tuple[str, str]] = []
        while len(found) < waiting:
            for message in await events.fetch(100, timeout=5):
                found.append(((message.headers or {})["type"], str(json.loads(message.data)["id"])))
        return found


async def limit_events(url: str, size: int) -> None:
    """Let the stream of events take no more than so many bytes; -1 is no limit."""
    async with _connected(url) as client:
        jetstream = client.jetstream()
        config = (await jetstream.stream_info("orders-events")).config
        config.max_bytes, config.discard = size, DiscardPolicy.NEW
        await jetstream.update_stream(config)


async def dead_letters(url: str) -> int:
    async with _connected(url) as client:
        return int((await client.jetstream().stream_info("orders-commands-dead")).state.messages)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Client]:
    async def ignore(_: Exception) -> None:
        """The server dies on purpose."""

    client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=1, error_cb=ignore)
    try:
        yield client
    finally:
        await client.close()
