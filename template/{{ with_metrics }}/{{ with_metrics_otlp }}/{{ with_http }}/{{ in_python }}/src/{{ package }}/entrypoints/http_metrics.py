"""Rate, errors and duration of HTTP requests, named as OpenTelemetry's conventions name them."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..metrics import LATENCY_BUCKETS, METER, exemplar

DURATION = METER.create_histogram(
    "http.server.request.duration",
    "s",
    "Duration of HTTP requests",
    explicit_bucket_boundaries_advisory=LATENCY_BUCKETS,
)
ACTIVE = METER.create_up_down_counter("http.server.active_requests", "{request}", "HTTP requests in flight")

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class HttpMetrics:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        status = 500
        started = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        ACTIVE.add(1)
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            ACTIVE.add(-1)
            # only patterns of routes and known methods: callers must not determine the number of series
            route = getattr(scope.get("route"), "path", "")
            method = scope["method"] if scope["method"] in METHODS else "_OTHER"
            seconds = time.perf_counter() - started
            attributes = {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            }
            DURATION.record(seconds, attributes, exemplar(scope.get("request_ids", {})))
