"""Spans of calls of other services, named as OpenTelemetry's conventions name them.

https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import grpc
from opentelemetry.trace import SpanKind
from structlog.contextvars import bound_contextvars

from .spans import TRACER, current, fail, is_sampled, log_ids


@contextmanager
def asking(method: str, about: Mapping[str, str]) -> Iterator[None]:
    """The other service continues the trace from this span."""
    if not is_sampled():
        yield
        return
    attributes = {"rpc.system.name": "grpc", "rpc.method": method, **_server(about["target"])}
    span = TRACER.start(method, SpanKind.CLIENT, attributes)
    with current(span, grpc.aio.AioRpcError), bound_contextvars(**log_ids(span)):
        try:
            yield
        except grpc.aio.AioRpcError as error:
            span.set_attribute("rpc.response.status_code", error.code().name)
            fail(span, error.code().name)
            raise
        span.set_attribute("rpc.response.status_code", "OK")


def _server(target: str) -> dict[str, str | int]:
    """Of `dns:///inventory:8081`: the name and the port."""
    host, _, port = re.sub(r"^\w+:/*", "", target).rpartition(":")
    return {"server.address": host, "server.port": int(port)} if port.isdigit() else {}
