"""Tokens by which callers read what they have written (read-your-writes).

A write is answered with a token: the position of the primary's log after it. A caller that sends the token
with a read gets the answer of a replica that has replayed this position, or else that of the primary.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

NAME = "x-read-after"
"""Of the header in HTTP, and of the metadata in gRPC."""


@dataclass(slots=True)
class Call:
    """A request, with the token that came with it and that of its last write."""

    after: str | None
    written: str | None = None


_call: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def reading_after(token: str | None) -> Iterator[Call]:
    """The reads inside see what was written before the token; what is written inside is noted in the call."""
    call = Call(token)
    reset = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(reset)


def current_call() -> Call | None:
    return _call.get()


def wanted_position() -> str | None:
    """The position that a replica must have replayed to answer. None allows any."""
    call = _call.get()
    return (call.written or call.after) if call else None
