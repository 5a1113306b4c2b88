"""Spans of SQL statements, named as OpenTelemetry's conventions name them. They hold no values.

https://opentelemetry.io/docs/specs/semconv/database/sql/
"""

import re
from functools import lru_cache
from typing import Any

from opentelemetry.trace import SpanKind
from opentelemetry.util.types import AttributeValue
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from .spans import TRACER, fail, is_sampled

# the attribute of an execution context that holds its span
SPAN = "traced_as"
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+[`\"]?(\w+)")


def trace_statements() -> None:
    """Trace the statements of all engines."""
    event.listen(Engine, "before_cursor_execute", _begin)
    event.listen(Engine, "after_cursor_execute", _end)
    event.listen(Engine, "handle_error", _failed)


def _begin(
    connection: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    context: Any,
    _executemany: bool,
) -> None:
    # engines with options of their own tell of each statement twice
    if is_sampled() and not hasattr(context, SPAN):
        name, attributes = _described(connection.engine, statement)
        setattr(context, SPAN, TRACER.start(name, SpanKind.CLIENT, attributes))


def _end(
    _connection: Connection,
    _cursor: object,
    _statement: str,
    _parameters: object,
    context: Any,
    _executemany: bool,
) -> None:
    if span := vars(context).pop(SPAN, None):
        span.end()


def _failed(failure: ExceptionContext) -> None:
    context = failure.execution_context
    if context and (span := vars(context).pop(SPAN, None)):
        fail(span, type(failure.original_exception).__qualname__)
        span.end()


@lru_cache(maxsize=512)
def _described(engine: Engine, statement: str) -> tuple[str, dict[str, AttributeValue]]:
    """The name of a span and its attributes, as far as they are known."""
    operation = statement.split(maxsplit=1)[0].upper()
    table = TABLE.search(statement)
    attributes: dict[str, AttributeValue | None] = {
        "db.system.name": engine.dialect.name,
        "db.namespace": engine.url.database,
        "db.operation.name": operation,
        "db.collection.name": table and table[1],
        "db.query.text": statement,
        "server.address": engine.url.host,
        "server.port": engine.url.port,
    }
    name = f"{operation} {table[1]}" if table else operation
    return name, {key: value for key, value in attributes.items() if value is not None}
