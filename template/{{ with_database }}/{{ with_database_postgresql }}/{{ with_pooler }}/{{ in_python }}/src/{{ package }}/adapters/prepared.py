"""Statements that were prepared before a migration has changed what they return.

The driver prepares such a statement again. But the pooler prepares each text once for each of its
connections, whoever asks: there, the old one would fail for as long as they live. A mark makes a new text.
"""

from itertools import count
from typing import Any

from asyncpg.exceptions import InvalidCachedStatementError
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine


def renew_prepared_statements(engine: AsyncEngine) -> None:
    marks = _Marks()
    event.listen(engine.sync_engine, "before_cursor_execute", marks.add, retval=True)
    event.listen(engine.sync_engine, "handle_error", marks.renew)


class _Marks:
    """Processes count alike, so that the pooler does not get more texts than there were changes."""

    def __init__(self) -> None:
        self._current = ""
        self._next = (f" /* {number} */" for number in count(1))

    def add(self, _connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
        return statement + self._current, values

    def renew(self, context: ExceptionContext) -> None:
        """Once, although many requests may fail by the same change."""
        stale = isinstance(context.original_exception.__cause__, InvalidCachedStatementError)
        if stale and (context.statement or "").endswith(self._current):
            self._current = next(self._next)
