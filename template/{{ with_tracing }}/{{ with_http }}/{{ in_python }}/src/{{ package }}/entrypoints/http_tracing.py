"""Spans of HTTP requests, named as OpenTelemetry's conventions name them.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..tracing.spans import TRACER, current, fail, parent_in, traceparent
from .probes import PROBES

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class HttpTracing:
    """What it contains takes the span for that of the caller: log lines and events then belong to it.

    The path is noted only if it is that of a route: anything else may be a secret in the wrong place.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            return await self._app(scope, receive, send)

        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        span = TRACER.start(
            "HTTP" if method == "_OTHER" else method,
            SpanKind.SERVER,
            {"http.request.method": method, "url.scheme": scope.get("scheme", "http")},
            parent_in(_context_of(scope)),
        )
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with current(span):
            _replace(scope, traceparent(span))
            try:
                await self._app(scope, receive, send_and_note)
            finally:
                if route := getattr(scope.get("route"), "path", None):
                    span.update_name(f"{method} {route}")
                    span.set_attributes({"http.route": route, "url.path": scope["path"]})
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    fail(span, str(status))


def _context_of(scope: Scope) -> dict[str, str]:
    names = (b"traceparent", b"tracestate")
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in names}


def _replace(scope: Scope, parent: str) -> None:
    others = [header for header in scope["headers"] if header[0] != b"traceparent"]
    scope["headers"] = [*others, (b"traceparent", parent.encode())]
