"""What calls of other services have in common, whatever the protocol: limits, and ids of their request."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from structlog.contextvars import get_contextvars

from ..errors import TimedOutError, UnavailableError
from .deadline import seconds_left
from .durations import CALLS
from .policy import Policy
from .settings import Callee

Result = TypeVar("Result")
Attempt = Callable[[float], Coroutine[Any, Any, Result]]
"""Makes a call that may take so many seconds."""

GRACE_SECONDS = 0.1
"""So much later the other service gives up, so that it is the caller's deadline that ends the call here."""


class Calls:
    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._policy = Policy(callee)
        self._in_flight = 0

    async def call(self, operation: str, attempt: Attempt[Result], *, repeatable: bool) -> Result:
        """Raises UnavailableError if the service does not answer."""
        with CALLS.timed(self._callee.name, operation):
            return await self._limited(attempt, repeatable=repeatable)

    async def _limited(self, attempt: Attempt[Result], *, repeatable: bool) -> Result:
        if self._in_flight >= self._callee.max_in_flight:
            raise UnavailableError(f"too many calls of {self._callee.name} are in flight")
        self._in_flight += 1
        try:
            # outside of the policy: a caller that does not wait says nothing about the other service
            async with asyncio.timeout(seconds_left()) as patience:
                return await self._policy.call(lambda: attempt(self._seconds()), repeatable=repeatable)
        except TimeoutError:
            if not patience.expired():
                raise
            raise TimedOutError("the caller does not wait any longer") from None
        finally:
            self._in_flight -= 1

    def _seconds(self) -> float:
        left = seconds_left()
        seconds = self._callee.timeout_seconds
        return seconds if left is None else min(seconds, left + GRACE_SECONDS)


def ids() -> dict[str, str]:
    """Those by which the log lines and the traces of the other service continue those of this request."""
    known = get_contextvars()
    headers = {}
    if "request_id" in known:
        headers["x-request-id"] = known["request_id"]
    if "trace_id" in known:
        # https://www.w3.org/TR/trace-context
        headers["traceparent"] = f"00-{known['trace_id']}-{known['span_id']}-{known['trace_flags']}"
    return headers
