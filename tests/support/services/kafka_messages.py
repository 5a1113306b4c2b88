"""Another service, on Kafka: sends commands, and reads the events that were stored."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

SECONDS = 30


async def send_commands(url: str, names: Iterable[str]) -> None:
    """Send a create command per name until the broker confirms it. The message id depends on the name."""
    producer = Producer({**_config(url), "acks": "all"})
    for name in names:
        body = json.dumps({"name": name, "quantity": 1}).encode()
        headers: dict[str, str | bytes | None] = {"type": "order.create", "message-id": name}
        producer.produce("orders.commands", body, headers=headers)
        producer.poll(0)
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(producer.flush, 2 * SECONDS) == 0


async def stored_events(url: str) -> list[tuple[str, str]]:
    """The type and the resource's id of each event in the topic, without repetitions."""
    messages = await asyncio.to_thread(_stored, url, "orders.events")
    events = {}
    for message in messages:
        headers = dict(message.headers() or [])
        identity = str(json.loads(message.value() or b"")["id"])
        type_ = headers["type"]
        assert isinstance(type_, bytes)
        events[headers["message-id"]] = (type_.decode(), identity)
    return list(events.values())


async def dead_letters(url: str) -> int:
    return len(await asyncio.to_thread(_stored, url, "orders.commands.dead"))


def _stored(url: str, topic: str) -> list[Message]:
    with _reader(url) as reader:
        found = reader.list_topics(topic, SECONDS).topics[topic]
        parts = [TopicPartition(topic, number, 0) for number in found.partitions]
        try:
            ends = [reader.get_watermark_offsets(part, SECONDS)[1] for part in parts]
        except KafkaException:  # it does not exist
            return []
        reader.assign(parts)
        messages: list[Message] = []
        while len(messages) < sum(ends):
            messages += reader.consume(500, 1)
        return messages


@contextmanager
def _reader(url: str) -> Iterator[Consumer]:
    reader = Consumer({**_config(url), "group.id": "probe", "enable.auto.commit": False})
    try:
        yield reader
    finally:
        reader.close()


def _config(url: str) -> dict[str, str | int | float | bool]:
    return {"bootstrap.servers": url.removeprefix("kafka://"), "log_level": 2}
