"""One log line for each request."""

import random
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .probes import PROBES

log = structlog.get_logger()


class AccessLog:
    """Pure ASGI, which costs a fraction of what Starlette's BaseHTTPMiddleware does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = log.bind()  # once, since it takes as long as to write a line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            return await self._app(scope, receive, send)

        request_id = f"{random.getrandbits(128):032x}"  # no secret: it need not come from the system
        status = 500
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                self._log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    seconds=round(time.perf_counter() - started, 6),
                )
