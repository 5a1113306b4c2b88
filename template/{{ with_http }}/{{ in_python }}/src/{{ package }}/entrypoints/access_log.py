"""One log line for each request. It holds nothing that the caller has sent, not even the path.

What every answer has is added here, too, since each further layer would slow down all requests.
"""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .probes import PROBES
from .request_ids import request_ids
from .security_headers import security_headers

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = structlog.get_logger()


class AccessLog:
    """Plain ASGI, which costs a fraction of Starlette's BaseHTTPMiddleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = log.bind()  # once, since it takes as long as to write a line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if scope["path"] in PROBES:
            return await self._app(scope, receive, _secured(scope, send))

        ids = scope["request_ids"] = _ids(scope)
        request_id = ids["request_id"].encode()
        status = 500
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (b"x-request-id", request_id)
                message["headers"] = [*message["headers"], own, *security_headers(scope)]
            await send(message)

        with structlog.contextvars.bound_contextvars(**ids):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                self._log.info(
                    "request",
                    method=scope["method"] if scope["method"] in METHODS else None,
                    route=getattr(scope.get("route"), "path", None),
                    status=status,
                    seconds=round(time.perf_counter() - started, 6),
                )


def _secured(scope: Scope, send: Send) -> Send:
    async def send_secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *security_headers(scope)]
        await send(message)

    return send_secured


def _ids(scope: Scope) -> dict[str, str]:
    request_id = traceparent = None
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value.decode("latin-1")
        elif name == b"traceparent":
            traceparent = value.decode("latin-1")
    return request_ids(request_id, traceparent)
