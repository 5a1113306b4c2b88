"""Spans of gRPC calls, named as OpenTelemetry's conventions name them.

https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
"""

from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from structlog.contextvars import bind_contextvars

from ..tracing.spans import TRACER, fail, log_ids, parent_in
from .grpc_interceptors import Behavior, Context, Limit

# health checks and reflection
OWN_SERVICES = "/grpc."
FAILURES = {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}


def traced(limit: Limit) -> Limit:
    """The same, with a span around the behavior of each method, which `end_span` ends."""

    def limited(method: str, handler: Any) -> Behavior:
        answer = limit(method, handler)
        if method.startswith(OWN_SERVICES):
            return answer
        name = method.removeprefix("/")
        attributes = {"rpc.system.name": "grpc", "rpc.method": name}

        async def behave(messages: object, context: Context) -> Any:
            metadata: dict[str, Any] = dict(context.invocation_metadata() or ())
            span = TRACER.start(name, SpanKind.SERVER, attributes, parent_in(metadata))
            # neither is reset: each call has its own context, in which its log line and its end follow
            contexts.attach(trace.set_span_in_context(span))
            bind_contextvars(**log_ids(span))
            return await answer(messages, context)

        return behave

    return limited


def end_span(_method: str, status: str, _seconds: float) -> None:
    span = trace.get_current_span()
    span.set_attribute("rpc.response.status_code", status)
    if status in FAILURES:
        fail(span, status)
    span.end()
