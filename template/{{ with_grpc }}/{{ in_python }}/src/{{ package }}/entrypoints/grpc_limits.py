"""What one caller may take of the service over gRPC: connections, calls, streams, time and memory."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from pydantic import BaseModel, Field

from .bulkheads import Bulkhead, EvictingBulkhead, OverloadedError
from .connections import ConnectionLimits, Connections, Peer, allowed_connections, peer_at
from .grpc_interceptors import (
    Behavior,
    Context,
    HandlerInterceptor,
    InvalidRequestError,
    OverdueError,
    handler_of,
)

HEALTH_CHECK = "/grpc.health.v1.Health/Check"


class GrpcSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(8081, ge=1, le=65535)
    max_connections: int = Field(2000, ge=10, description="at nine tenths, unused ones are closed")
    first_call_seconds: float = Field(10, gt=0, description="from connecting to the first call's head")
    idle_seconds: float = Field(120, gt=0, description="how long a connection may go without a call")
    max_calls: int = Field(500, ge=1, description="calls in flight; those over it get RESOURCE_EXHAUSTED")
    max_message_bytes: int = Field(128 * 1024, ge=0)
    max_metadata_bytes: int = Field(16 * 1024, ge=8192, description="of a call's metadata")
    max_seconds: float = Field(30, gt=0, description="deadline of calls that have none or a later one")
    max_streams: int = Field(100, ge=1, description="streams, such as Watch; a new one ends the oldest")
    max_stream_seconds: float = Field(300, gt=0)
    health_interval_seconds: float = Field(2, gt=0)

    def for_connections(self) -> ConnectionLimits:
        return ConnectionLimits(
            connections=allowed_connections(self.max_connections),
            first_request=self.first_call_seconds,
            # gRPC says goodbye earlier; this is for callers that do not listen
            idle=2 * self.idle_seconds,
        )


class LimitInterceptor(HandlerInterceptor):
    """The innermost interceptor. It serves every method as a stream of requests, and reads them itself.

    gRPC would otherwise wait for a unary call's message, and decode it, before interceptors could set a time
    limit or answer a malformed one.
    """

    def __init__(
        self,
        limits: GrpcSettings,
        connections: Connections,
        streams: EvictingBulkhead,
        arriving: EvictingBulkhead,
    ) -> None:
        super().__init__()
        self._limits = limits
        self._connections = connections
        self._arriving = arriving
        self._answering = Bulkhead(limits.max_calls)
        self._probes = Bulkhead(limits.max_calls)
        self._streams = streams

    def wrap(self, method: str, handler: Any) -> Any:
        if handler.unary_unary is None:
            behave = self._stream(handler)
        else:
            probe = method == HEALTH_CHECK
            behave = self._unary(handler.unary_unary, self._probes if probe else self._answering)
        return handler_of(
            handler.response_streaming,
            behave,
            _decoder(handler.request_deserializer),
            handler.response_serializer,
        )

    def _unary(self, answer: Behavior, bulkhead: Bulkhead) -> Behavior:
        async def behave(_: object, context: Context) -> Any:
            peer = peer_of(context)
            with self._connections.request(peer):
                message = await self._receive(context)
                with bulkhead, self._connections.waiting(peer):
                    return await answer(message, context)

        return behave

    async def _receive(self, context: Context) -> Any:
        """The one message of a unary request; the call's deadline is its time limit."""
        try:
            async with asyncio.timeout(None) as timeout:
                with self._arriving.enter(timeout):
                    message = await context.read()
        except TimeoutError:
            raise OverloadedError("the message took too long to arrive") from None
        if message is grpc.aio.EOF:
            raise InvalidRequestError("the call has no message")
        return message

    def _stream(self, handler: Any) -> Behavior:
        answer = _as_coroutine(handler)

        async def behave(messages: object, context: Context) -> Any:
            try:
                async with asyncio.timeout(self._limits.max_stream_seconds) as timeout:
                    with self._streams.enter(timeout), self._connections.request(peer_of(context)):
                        request = messages if handler.request_streaming else await self._receive(context)
                        return await answer(request, context)
            except TimeoutError:
                if not timeout.expired():
                    raise
                raise OverdueError("the stream ends here; open another one") from None

        return behave


def peer_of(context: Context) -> Peer:
    return _parse_peer(context.peer())


@lru_cache(maxsize=4096)
def _parse_peer(peer: str) -> Peer:
    """The caller's address, of `ipv4:192.0.2.1:1234` or `ipv6:%5B::1%5D:1234`."""
    host, _, port = peer.rpartition(":")
    return peer_at(host[5:].removeprefix("%5B").removesuffix("%5D"), port)


def _as_coroutine(handler: Any) -> Behavior:
    """A stream's behavior, which may be a generator of responses, as a coroutine that writes them."""
    behave: Any = handler.stream_unary or handler.unary_stream or handler.stream_stream

    async def write(request: Any, context: Context) -> Any:
        answer = behave(request, context)
        if not hasattr(answer, "__aiter__"):
            return await answer
        async for message in answer:
            await context.write(message)

    return write


def _decoder(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def decode_or_refuse(data: bytes) -> Any:
        try:
            return decode(data)
        except DecodeError:
            raise InvalidRequestError("the message is malformed") from None

    return decode_or_refuse
