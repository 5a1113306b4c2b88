"""Spans of MongoDB's commands, named as OpenTelemetry's conventions name them. They hold no values.

https://opentelemetry.io/docs/specs/semconv/database/mongodb/
"""

from functools import cache

from opentelemetry.trace import Span, SpanKind
from opentelemetry.util.types import AttributeValue
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

from .spans import TRACER, fail, is_sampled


class TracedCommands(monitoring.CommandListener):
    def __init__(self) -> None:
        self._spans: dict[int, Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if not is_sampled():
            return
        name = event.command_name
        attributes: dict[str, AttributeValue] = {
            "db.system.name": "mongodb",
            "db.namespace": event.database_name,
            "db.operation.name": name,
        }
        collection = event.command.get(name)
        if isinstance(collection, str):
            attributes["db.collection.name"] = collection
            name = f"{name} {collection}"
        if event.connection_id:
            attributes["server.address"], port = event.connection_id
            if port:
                attributes["server.port"] = port
        self._spans[event.request_id] = TRACER.start(name, SpanKind.CLIENT, attributes)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if span := self._spans.pop(event.request_id, None):
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        if span := self._spans.pop(event.request_id, None):
            fail(span, str(event.failure.get("codeName", "_OTHER")))
            span.end()


@cache
def trace_commands() -> None:
    """Trace the commands of all clients that are created from now on. The driver forgets no listener."""
    monitoring.register(TracedCommands())
