"""Which spans are kept: those of a part of all traces, and those of what has failed."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.util.types import Attributes

ENTRANCES = (SpanKind.SERVER, SpanKind.CONSUMER)


class FailuresToo(Sampler):
    """Follows the caller's decision, or the ratio. Of other traces, it records what enters the service."""

    def __init__(self, ratio: float) -> None:
        self._sampler = ParentBased(TraceIdRatioBased(ratio))

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        result = self._sampler.should_sample(parent_context, trace_id, name, kind, attributes, links)
        if result.decision is Decision.DROP and kind in ENTRANCES:
            return SamplingResult(Decision.RECORD_ONLY, trace_state=result.trace_state)
        return result

    def get_description(self) -> str:
        return "FailuresToo"


class KeptSpans(BatchSpanProcessor):
    """Exports the spans of sampled traces. Of other traces, it exports those that have failed."""

    def on_end(self, span: ReadableSpan) -> None:
        super().on_end(_sampled(span) if span.status.status_code is StatusCode.ERROR else span)


def _sampled(span: ReadableSpan) -> ReadableSpan:
    context: Any = span.context
    if context.trace_flags.sampled:
        return span
    flags = TraceFlags(context.trace_flags | TraceFlags.SAMPLED)
    return ReadableSpan(
        name=span.name,
        context=SpanContext(context.trace_id, context.span_id, context.is_remote, flags, context.trace_state),
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=span.events,
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
    )
