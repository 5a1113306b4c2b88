"""Which spans are kept: those of a part of all traces, and those of requests that have failed."""

import random
from collections.abc import Callable, Mapping
from time import time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AnyValue, Attributes

ENTRANCES = (SpanKind.SERVER, SpanKind.CONSUMER)
IDS = RandomIdGenerator()


class FailureSpan(NonRecordingSpan):
    """What enters the service in a trace that is not kept: a span only if it fails.

    It notes what a span says in a fraction of the time that one takes.
    """

    def __init__(
        self,
        context: SpanContext,
        attributes: Attributes,
        keep: Callable[[ReadableSpan], None],
        **described: Any,
    ) -> None:
        super().__init__(context)
        self._keep = keep
        self._described = described
        self._attributes = dict(attributes or {})
        self._status = Status()
        self._started = time_ns()

    def update_name(self, name: str) -> None:
        self._described["name"] = name

    def set_attribute(self, key: str, value: AnyValue) -> None:
        self._attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, AnyValue]) -> None:
        self._attributes.update(attributes)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        self._status = status if isinstance(status, Status) else Status(status, description)

    def end(self, end_time: int | None = None) -> None:
        if self._status.status_code is StatusCode.ERROR:
            trace_id, span_id, _, _, state, _ = self.get_span_context()
            kept = SpanContext(trace_id, span_id, False, TraceFlags(TraceFlags.SAMPLED), state)
            self._keep(
                ReadableSpan(
                    context=kept,
                    attributes=self._attributes,
                    status=self._status,
                    start_time=self._started,
                    end_time=end_time or time_ns(),
                    **self._described,
                )
            )


class SamplingTracer:
    """Follows the caller's decision, or keeps a part of all traces.

    OpenTelemetry's samplers decide when a span begins. To keep failures, they would have to record all.
    """

    def __init__(self, provider: TracerProvider, processor: SpanProcessor, name: str, ratio: float) -> None:
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer(name)
        self._keep = processor.on_end
        self._origin = {"resource": provider.resource, "instrumentation_scope": InstrumentationScope(name)}
        self._ratio = ratio

    def start(self, name: str, kind: SpanKind, attributes: Attributes, parent: Context | None) -> Span:
        caller = trace.get_current_span(parent).get_span_context()
        if caller.trace_flags.sampled if caller.is_valid else random.random() < self._ratio:
            return self._tracer.start_span(name, parent, kind, attributes)
        trace_id = caller.trace_id or IDS.generate_trace_id()
        context = SpanContext(trace_id, IDS.generate_span_id(), False, trace_state=caller.trace_state)
        if kind not in ENTRANCES:
            return NonRecordingSpan(context)
        of = caller if caller.is_valid else None
        return FailureSpan(context, attributes, self._keep, name=name, kind=kind, parent=of, **self._origin)
