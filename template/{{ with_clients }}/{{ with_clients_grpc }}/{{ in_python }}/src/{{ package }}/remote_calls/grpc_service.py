"""Calls of another service over gRPC: by turns to its instances, and within limits."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from ..operations import Operation
from .calls import Calls, ids
from .grpc_errors import translated
from .settings import Callee

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

REMOTE_CALL = Operation()
"""With the method, and the target as `target`."""

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
    def __init__(self, callee: Callee, channel: grpc.aio.Channel) -> None:
        self._callee = callee
        self._channel = channel
        self._calls = Calls(callee)
        self._stubs: dict[str, Any] = {}

    async def call(self, method: Method[Request, Response], request: Request) -> Response:
        """Raises UnavailableError if the service does not answer, and GrpcError for other errors."""
        return await self._calls.call(
            method.name,
            lambda seconds: self._attempt(method, request, seconds),
            repeatable=method.repeatable,
        )

    async def _attempt(self, method: Method[Request, Response], request: Request, seconds: float) -> Response:
        try:
            with REMOTE_CALL(method.path.removeprefix("/"), {"target": self._callee.url}):
                metadata = tuple(ids().items())
                response: Response = await self._stub(method)(request, timeout=seconds, metadata=metadata)
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
async def connect_grpc(callee: Callee) -> AsyncIterator[GrpcService]:
    """Connects with the first call, and again when the connection is lost."""
    async with grpc.aio.insecure_channel(callee.url, options=list(OPTIONS.items())) as channel:
        yield GrpcService(callee, channel)
