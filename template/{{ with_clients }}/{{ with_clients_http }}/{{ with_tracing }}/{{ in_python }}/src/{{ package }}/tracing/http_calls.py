"""Spans of calls of other services over HTTP, named as OpenTelemetry's conventions name them.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
`url.full` is left out: it has what callers have sent.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind
from structlog.contextvars import bound_contextvars

from .spans import TRACER, current, fail, is_sampled, log_ids

FIRST_ERROR = 400


@contextmanager
def asking_http(operation: str, about: Mapping[str, str]) -> Iterator[None]:
    """The other service continues the trace from this span."""
    if not is_sampled():
        yield
        return
    method, _, template = operation.partition(" ")
    url = urlsplit(about["url"])
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "url.template": template,
        "server.address": url.hostname or "",
        "server.port": url.port or (443 if url.scheme == "https" else 80),
    }
    span = TRACER.start(operation, SpanKind.CLIENT, attributes)
    with current(span, Exception), bound_contextvars(**log_ids(span)):
        try:
            yield
        except Exception as error:
            failed = int(about.get("status", 0)) >= FIRST_ERROR
            fail(span, about["status"] if failed else type(error).__qualname__)
            raise
        finally:
            if "status" in about:
                span.set_attribute("http.response.status_code", int(about["status"]))
