"""Rate, errors and duration of HTTP requests, named as OpenTelemetry's conventions name them."""

import time
from functools import cache

from prometheus_client import Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..metrics import LATENCY_BUCKETS, exemplar

DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Duration of HTTP requests",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=LATENCY_BUCKETS,
)
ACTIVE = Gauge("http_server_active_requests", "HTTP requests in flight")

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

        ACTIVE.inc()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            ACTIVE.dec()
            # only patterns of routes and known methods: callers must not determine the number of series
            route = getattr(scope.get("route"), "path", "")
            method = scope["method"] if scope["method"] in METHODS else "_OTHER"
            seconds = time.perf_counter() - started
            _duration(method, route, status).observe(seconds, exemplar(scope.get("request_ids", {})))


@cache
def _duration(method: str, route: str, status: int) -> Histogram:
    """Cached: looking a series up by its labels takes longer than observing a value."""
    return DURATION.labels(method, route, status)
