"""Limits on what a caller may use over HTTP: connections, time and memory."""

import asyncio
from http import HTTPStatus
from ipaddress import ip_network
from typing import Annotated

import structlog
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .bulkheads import Bulkhead, EvictingBulkhead, OverloadedError
from .connections import ConnectionLimits, Connections, allowed_connections, peer_at
from .probes import PROBES
from .problems import problem

BODILESS = {"GET", "HEAD", "OPTIONS"}

log = structlog.get_logger()


def _words(text: object) -> object:
    return text.replace(",", " ").split() if isinstance(text, str) else text


def _address(text: str) -> str:
    return text if text == "*" else str(ip_network(text))


Addresses = Annotated[list[Annotated[str, AfterValidator(_address)]], BeforeValidator(_words)]
Origins = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/\s]+)$")]], BeforeValidator(_words)
]


class HttpSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    max_connections: int = Field(2000, ge=10, description="at nine tenths, unused ones are closed")
    # a slow network takes a second or two
    first_request_seconds: float = Field(10, gt=0, description="from connecting to the first request's head")
    # load balancers reuse a connection for 60 s, as AWS's do by default
    idle_seconds: float = Field(75, gt=0, description="how long a connection may go without a request")
    max_head_bytes: int = Field(16 * 1024, ge=8192, description="of a request's line and its headers")
    body_seconds: float = Field(20, gt=0, description="how long a request's body may take to arrive")
    max_body_bytes: int = Field(128 * 1024, ge=0)
    max_requests: int = Field(500, ge=1, description="requests in flight; those over it are answered 503")
    max_seconds: float = Field(30, gt=0, description="how long answering a request may take")
    root_path: str = Field("", pattern=r"^(/[\w.~-]+)*$", description="where a proxy serves the paths")
    trusted_proxies: Addresses = Field([], description="those whose X-Forwarded-For and -Proto count")
    cors_origins: Origins = Field([], description="of web pages that may call; none by default")

    def for_connections(self) -> ConnectionLimits:
        return ConnectionLimits(
            connections=allowed_connections(self.max_connections),
            first_request=self.first_request_seconds,
            idle=self.idle_seconds,
        )


class RefusedError(Exception):
    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Limits:
    """Passes a request on once it has arrived completely. Each probe has a bulkhead of its own."""

    def __init__(
        self,
        app: ASGIApp,
        limits: HttpSettings,
        connections: Connections,
        arriving: EvictingBulkhead | None = None,
    ) -> None:
        self._app = app
        self._limits = limits
        self._connections = connections
        self._arriving = arriving or EvictingBulkhead(limits.max_requests)
        self._answering = Bulkhead(limits.max_requests)
        self._probes = {path: Bulkhead(limits.max_requests) for path in PROBES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        peer = scope["client"] = peer_at(*scope["client"])
        with self._connections.request(peer) as request:
            try:
                if scope["method"] not in BODILESS:
                    receive = await self._receive(receive)
                bulkhead = self._probes.get(scope["path"], self._answering)
                with bulkhead:
                    request.arrived()
                    await self._answer(scope, receive, send)
            except OverloadedError as error:
                await _refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error), scope, receive, send)
            except RefusedError as error:
                await _refuse(error.status, str(error), scope, receive, send)

    async def _receive(self, receive: Receive) -> Receive:
        """The same request, with its body."""
        body = bytearray()
        more = True
        try:
            async with asyncio.timeout(self._limits.body_seconds) as timeout:
                with self._arriving.enter(timeout):
                    while more:
                        message = await receive()
                        if message["type"] == "http.disconnect":
                            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is not complete")
                        body += message.get("body", b"")
                        more = message.get("more_body", False)
                        if len(body) > self._limits.max_body_bytes:
                            limit = f"the body is longer than {self._limits.max_body_bytes} bytes"
                            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit)
        except TimeoutError:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body took too long to arrive") from None

        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def receive_whole() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        return receive_whole

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in time, also if something fails."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self._limits.max_seconds) as timeout:
                await self._app(scope, receive, send_and_note)
        except Exception as error:
            late = timeout.expired()
            if not late:
                log.error("request failed", exc_info=error)
            if started:
                raise
            if late:
                detail = f"answering took over {self._limits.max_seconds:g} s"
                raise RefusedError(HTTPStatus.GATEWAY_TIMEOUT, detail) from None
            detail = "the service failed; it was logged"
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, detail) from error


async def _refuse(status: HTTPStatus, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(Request(scope), status, detail)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "1"
    elif status < HTTPStatus.INTERNAL_SERVER_ERROR and scope["http_version"].startswith("1"):
        # the rest of the body may still arrive
        answer.headers["Connection"] = "close"
    await answer(scope, receive, send)
