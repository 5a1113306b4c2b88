"""Limits on what a caller can use over gRPC: connections, calls, streams, time and memory."""

from functools import lru_cache
from typing import Any

import grpc
from pydantic import BaseModel, Field

from .bulkheads import Bulkhead, EvictingBulkhead, OverloadedError
from .connections import ConnectionLimits, Connections, Peer, allowed_connections, peer_at
from .deadlines import Deadlines
from .grpc_interceptors import Behavior, Context, InvalidRequestError, OverdueError

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


class Limits:
    """Adds the limits to the behavior of each method. One deadline covers the whole call."""

    def __init__(
        self,
        limits: GrpcSettings,
        connections: Connections,
        streams: EvictingBulkhead,
        arriving: EvictingBulkhead,
    ) -> None:
        self._limits = limits
        self._connections = connections
        self._deadlines = Deadlines()
        self._arriving = arriving
        self._answering = Bulkhead(limits.max_calls)
        self._probes = Bulkhead(limits.max_calls)
        self._streams = streams

    def limit(self, method: str, handler: Any) -> Behavior:
        if handler.unary_unary is None:
            return self._stream(handler)
        bulkhead = self._probes if method == HEALTH_CHECK else self._answering
        return self._unary(handler.unary_unary, bulkhead)

    def _unary(self, answer: Behavior, bulkhead: Bulkhead) -> Behavior:
        async def behave(_: object, context: Context) -> Any:
            seconds = _shorter(self._limits.max_seconds, context)
            deadline = self._deadlines.after(seconds)
            latest = deadline.when()
            try:
                with deadline, self._connections.request(peer_of(context)) as request:
                    with self._arriving.enter(deadline):
                        message = await _receive(context)
                    with bulkhead:
                        request.arrived()
                        return await answer(message, context)
            except TimeoutError:
                if not deadline.expired():
                    raise
                if deadline.when() < latest:
                    raise OverloadedError("the message took too long to arrive") from None
                raise OverdueError(f"took over {seconds:.3f} s") from None

        return behave

    def _stream(self, handler: Any) -> Behavior:
        answer = _as_coroutine(handler)

        async def behave(messages: object, context: Context) -> Any:
            deadline = self._deadlines.after(_shorter(self._limits.max_stream_seconds, context))
            try:
                with (
                    deadline,
                    self._streams.enter(deadline),
                    self._connections.request(peer_of(context)),
                ):
                    request = messages if handler.request_streaming else await _receive(context)
                    return await answer(request, context)
            except TimeoutError:
                if not deadline.expired():
                    raise
                raise OverdueError("the stream ends here; open another one") from None

        return behave


def _shorter(seconds: float, context: Context) -> float:
    """The limit, or the time that is left of the caller's deadline."""
    remaining = context.time_remaining()
    return seconds if remaining is None else min(seconds, remaining)


async def _receive(context: Context) -> Any:
    """The one message of a unary request."""
    message = await context.read()
    if message is grpc.aio.EOF:
        raise InvalidRequestError("the call has no message")
    return message


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
