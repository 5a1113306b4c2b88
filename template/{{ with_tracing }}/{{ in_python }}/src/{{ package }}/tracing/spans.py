"""What all spans share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

_propagator = TraceContextTextMapPropagator()


Start = Callable[[str, SpanKind, Attributes, Context | None], Span]


def untraced(_name: str, _kind: SpanKind, _attributes: Attributes, parent: Context | None) -> Span:
    return trace.get_current_span(parent)


class SwitchedTracer:
    """Makes spans while it is switched on. OpenTelemetry's own global tracer cannot be switched off."""

    def __init__(self) -> None:
        self._start: Start = untraced

    def switch(self, start: Start) -> None:
        self._start = start

    def start(
        self, name: str, kind: SpanKind, attributes: Attributes = None, parent: Context | None = None
    ) -> Span:
        """A span within that of `parent`, or else within the current one."""
        return self._start(name, kind, attributes, parent)


TRACER = SwitchedTracer()


def parent_in(carrier: Mapping[str, str]) -> Context:
    """The span of another service, if there is one: by the headers `traceparent` and `tracestate`."""
    return _propagator.extract(carrier, Context())


def traceparent(span: Span) -> str:
    """https://www.w3.org/TR/trace-context"""
    return "00-{trace_id}-{span_id}-{trace_flags}".format_map(log_ids(span))


def log_ids(span: Span) -> dict[str, str]:
    """What the log lines of a span contain."""
    context = span.get_span_context()
    return {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "trace_flags": f"{context.trace_flags:02x}",
    }


def is_sampled() -> bool:
    """Whether the current span is exported, so that it is worth having children."""
    return trace.get_current_span().get_span_context().trace_flags.sampled


@contextmanager
def current(span: Span, *harmless: type[BaseException]) -> Iterator[None]:
    """The span is the current one, and ends with the context. It has failed if an exception passes."""
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except harmless:
            raise
        except BaseException as error:
            fail(span, type(error).__qualname__)
            raise


def fail(span: Span, reason: str) -> None:
    """Note an error by its type only: messages may hold what callers have sent."""
    span.set_attribute("error.type", reason)
    span.set_status(StatusCode.ERROR)
