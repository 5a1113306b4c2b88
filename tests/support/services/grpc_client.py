"""A gRPC client that only knows a service from reflection."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any

import grpc
import grpc.aio
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def describe(target: str, service: str) -> ServiceDescriptor:
    """The description of a service by its running server."""
    with grpc.insecure_channel(target) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        return pool.FindServiceByName(service)


def call(target: str, method: MethodDescriptor, request: dict[str, Any], **metadata: str) -> dict[str, Any]:
    """Call a method. Messages are dicts with the field names of the proto file."""
    sent = tuple(metadata.items())
    with grpc.insecure_channel(target) as channel:
        answer = _callable(channel, method)(_message(method, request), timeout=10, metadata=sent)
    return _as_dict(answer)


async def call_async(
    channel: grpc.aio.Channel, method: MethodDescriptor, request: dict[str, Any]
) -> dict[str, Any]:
    """Like `call`, over a shared channel."""
    answer = await _callable(channel, method)(_message(method, request), timeout=10)
    return _as_dict(answer)


async def call_with_metadata(
    channel: grpc.aio.Channel,
    method: MethodDescriptor,
    request: dict[str, Any],
    metadata: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Like `call_async`, with metadata there and back."""
    calling = _callable(channel, method)(
        _message(method, request), timeout=10, metadata=tuple(metadata.items())
    )
    answer = await calling
    return _as_dict(answer), dict(await calling.trailing_metadata())


@contextmanager
def unfinished_call(target: str, method: str) -> Iterator[None]:
    """A call whose message does not come."""
    over = Event()

    def messages() -> Iterator[bytes]:
        over.wait()
        yield from ()

    with grpc.insecure_channel(target) as channel:
        stub: Any = channel.stream_unary(method)
        call = stub.future(messages())
        try:
            yield
        finally:
            over.set()
            call.cancel()


def _callable(channel: Any, method: MethodDescriptor) -> Callable[..., Any]:
    request_type, answer_type = map(message_factory.GetMessageClass, (method.input_type, method.output_type))
    stub: Callable[..., Any] = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=request_type.SerializeToString,
        response_deserializer=answer_type.FromString,
    )
    return stub


def _message(method: MethodDescriptor, request: dict[str, Any]) -> Message:
    return json_format.ParseDict(request, message_factory.GetMessageClass(method.input_type)())


def _as_dict(message: Message) -> dict[str, Any]:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)
