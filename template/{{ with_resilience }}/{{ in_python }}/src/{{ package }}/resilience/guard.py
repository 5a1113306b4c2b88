"""What stands between callers and a system that may fail: a time limit and a circuit breaker."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..errors import TimedOutError, UnavailableError
from .breaker import Breaker

Result = TypeVar("Result")
Operation = Callable[[], Coroutine[Any, Any, Result]]


class RefusedError(UnavailableError):
    """The breaker is open: nothing was called."""


class Guard:
    """Raises TimedOutError and UnavailableError for calls that take too long or are not made.

    A caller with an earlier deadline cancels the call. That says nothing about the system.
    """

    def __init__(self, breaker: Breaker, timeout_seconds: float) -> None:
        self._breaker = breaker
        self.timeout_seconds = timeout_seconds
        self._ending: set[asyncio.Task[Any]] = set()

    async def call(self, operation: Operation[Result], timeout_seconds: float | None = None) -> Result:
        """The result of the operation, within less than the usual time limit if one is given."""
        call = self._breaker.begin()
        if not call:
            raise RefusedError(f"the {self._breaker.name} is not available at present")
        try:
            result = await self._in_time(operation, timeout_seconds or self.timeout_seconds)
        except UnavailableError:
            self._breaker.failed(call)
            raise
        except Exception:  # the answer of a system that works
            self._breaker.succeeded(call)
            raise
        self._breaker.succeeded(call)
        return result

    async def _in_time(self, operation: Operation[Result], seconds: float) -> Result:
        """Does not wait for what it cancels: to close a connection to a system that hangs takes seconds."""
        task = asyncio.create_task(operation())
        try:
            await asyncio.wait([task], timeout=seconds)
            if task.done():
                return task.result()
            raise TimedOutError(f"the {self._breaker.name} has not answered in time")
        finally:
            if not task.done():
                self._ending.add(task)
                task.add_done_callback(self._ended)
                task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # it failed, and nobody waits for it
