"""Another service, on SQS and SNS: sends commands, and keeps the events that its queue gets."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from aiobotocore.session import get_session  # type: ignore[import-untyped]  # it has no types
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # it has no types

TRIES = 300
PROBE = {"QueueName": "probe.fifo", "Attributes": {"FifoQueue": "true"}}

_told: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)


async def send_commands(url: str, names: Iterable[str]) -> None:
    """Send a create command per name. The message id depends on the name."""
    async with _connected(url) as (queues, _):
        queue = await _url(queues, "orders-commands.fifo")
        for name in names:
            attributes = {"type": "order.create", "message-id": name}
            await queues.send_message(
                QueueUrl=queue,
                MessageBody=json.dumps({"name": name, "quantity": 1}),
                MessageGroupId=name,
                MessageDeduplicationId=str(uuid4()),
                MessageAttributes={
                    key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()
                },
            )
            await asyncio.sleep(0.01)


async def stored_events(url: str) -> list[tuple[str, str]]:
    """The type and the resource's id of each event since the first call, which subscribes a queue.

    Without repetitions: the stand-in forgets a message once it is deleted, and takes a copy of it.
    """
    async with _connected(url) as (queues, topics):
        queue = (await queues.create_queue(**PROBE))["QueueUrl"]
        answer = await queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        topic = await topics.create_topic(Name="orders-events.fifo", Attributes={"FifoTopic": "true"})
        await topics.subscribe(
            TopicArn=topic["TopicArn"],
            Protocol="sqs",
            Endpoint=answer["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )
        while messages := (await _received(queues, queue)):
            for message in messages:
                attributes = message["MessageAttributes"]
                event = (attributes["type"]["StringValue"], str(json.loads(message["Body"])["id"]))
                _told[url][attributes["message-id"]["StringValue"]] = event
                await queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return list(_told[url].values())


async def dead_letters(url: str) -> int:
    async with _connected(url) as (queues, _):
        count = "ApproximateNumberOfMessages"
        queue = await _url(queues, "orders-commands-dead.fifo")
        answer = await queues.get_queue_attributes(QueueUrl=queue, AttributeNames=[count])
        return int(answer["Attributes"][count])


async def _received(queues: Any, queue: str) -> list[Any]:
    answer = await queues.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
    )
    messages: list[Any] = answer.get("Messages", [])
    return messages


async def _url(queues: Any, name: str) -> Any:
    """Of a queue that the service declares."""
    for _ in range(TRIES):
        try:
            return (await queues.get_queue_url(QueueName=name))["QueueUrl"]
        except ClientError:
            await asyncio.sleep(0.1)
    raise TimeoutError(f"there is no queue {name}")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """Clients of SQS and of SNS."""
    place, library = urlsplit(url), get_session()
    arguments = {
        "endpoint_url": f"http://{place.hostname}:{place.port}",
        "region_name": "us-east-1",
        "aws_access_key_id": place.username,
        "aws_secret_access_key": place.password,
    }
    async with (
        library.create_client("sqs", **arguments) as queues,
        library.create_client("sns", **arguments) as topics,
    ):
        yield queues, topics
