"""Until when the caller of this service waits. No call that it causes has to take longer."""

import time
from contextvars import ContextVar

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def expected_within(seconds: float) -> None:
    """In the current context, and in the tasks that it starts."""
    _deadline.set(time.monotonic() + seconds)


def seconds_left() -> float | None:
    """None if the caller has not said how long it waits."""
    deadline = _deadline.get()
    return None if deadline is None else deadline - time.monotonic()
