"""Calls of another service over gRPC: by turns to its instances, and within limits."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import grpc
from google.protobuf.message import Message
from structlog.contextvars import get_contextvars

from ..errors import TimedOutError, UnavailableError
from ..operations import Operation
from .deadline import seconds_left
from .errors import translated
from .policy import Policy
from .settings import Callee

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

REMOTE_CALL = Operation()
"""With the method, and the target as `target`."""

GRACE_SECONDS = 0.1
"""So much later the other service gives up, so that it is the caller's deadline that ends the call here."""
OPTIONS = {
    "grpc.service_config": json.dumps({"loadBalancingConfig": [{"round_robin": {}}]}),
    # retries are those of the policy
    "grpc.enable_retries": 0,
    # a connection that is lost without a word is noticed within 40 s, while calls wait
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
}


@dataclass(frozen=True, slots=True)
class Method(Generic[Request, Response]):
    name: str
    path: str
    request: type[Request]
    response: type[Response]
    repeatable: bool
    """Whether its document says by `idempotency_level` that it may be called twice."""


class Service(Protocol):
    """What clients need. Tests have an implementation without a connection."""

    async def call(self, method: Method[Request, Response], request: Request) -> Response: ...


class GrpcService:
    def __init__(self, callee: Callee, channel: grpc.aio.Channel, policy: Policy) -> None:
        self._callee = callee
        self._channel = channel
        self._policy = policy
        self._stubs: dict[str, Any] = {}
        self._in_flight = 0

    async def call(self, method: Method[Request, Response], request: Request) -> Response:
        """Raises UnavailableError if the service does not answer, and RemoteError for other errors."""
        if self._in_flight >= self._callee.max_in_flight:
            raise UnavailableError(f"too many calls of {self._callee.name} are in flight")
        self._in_flight += 1
        try:
            # outside of the policy: a caller that does not wait says nothing about the other service
            async with asyncio.timeout(seconds_left()) as patience:
                return await self._policy.call(
                    lambda: self._attempt(method, request),
                    repeatable=method.repeatable,
                )
        except TimeoutError:
            if not patience.expired():
                raise
            raise TimedOutError("the caller does not wait any longer") from None
        finally:
            self._in_flight -= 1

    async def _attempt(self, method: Method[Request, Response], request: Request) -> Response:
        seconds = self._callee.timeout_seconds
        if (left := seconds_left()) is not None:
            seconds = min(seconds, left + GRACE_SECONDS)
        try:
            with REMOTE_CALL(method.path.removeprefix("/"), {"target": self._callee.url}):
                response: Response = await self._stub(method)(request, timeout=seconds, metadata=_metadata())
                return response
        except grpc.aio.AioRpcError as error:
            raise translated(self._callee.name, error) from error

    def _stub(self, method: Method[Request, Response]) -> Any:
        if method.path not in self._stubs:
            self._stubs[method.path] = self._channel.unary_unary(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
        return self._stubs[method.path]


@asynccontextmanager
async def connect(callee: Callee) -> AsyncIterator[GrpcService]:
    """Connects with the first call, and again when the connection is lost."""
    async with grpc.aio.insecure_channel(callee.url, options=list(OPTIONS.items())) as channel:
        yield GrpcService(callee, channel, Policy(callee))


def _metadata() -> tuple[tuple[str, str], ...]:
    """The ids by which the log lines and the traces of the other service continue those of this request."""
    ids = get_contextvars()
    metadata = []
    if "request_id" in ids:
        metadata.append(("x-request-id", ids["request_id"]))
    if "trace_id" in ids:
        # https://www.w3.org/TR/trace-context
        metadata.append(("traceparent", f"00-{ids['trace_id']}-{ids['span_id']}-{ids['trace_flags']}"))
    return tuple(metadata)
