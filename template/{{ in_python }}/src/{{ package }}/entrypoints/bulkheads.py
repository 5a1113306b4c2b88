"""Limits on how much an entrypoint works on at the same time."""

import asyncio
from typing import Protocol

# for requests that are still arriving when the service is told to stop
ARRIVAL_SECONDS = 2


class OverloadedError(Exception):
    """The limit of work in flight is reached."""


class Bulkhead:
    """Refuses work above the limit, since a late answer helps no caller."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0

    def __enter__(self) -> None:
        if self._inside >= self._limit:
            raise OverloadedError("too many requests in flight")
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._inside -= 1


class Timeout(Protocol):
    """The part of asyncio.Timeout that bulkheads use."""

    def expired(self) -> bool: ...

    def reschedule(self, when: float) -> None: ...


class EvictingBulkhead:
    """Evicts the oldest work above the limit, so that callers that never finish cannot block others."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside: dict[Timeout, None] = {}

    def evict_all(self, seconds: float = 0) -> None:
        """Evict what is inside after so many seconds."""

        def evict() -> None:
            for timeout in self._inside:
                _expire(timeout)

        asyncio.get_running_loop().call_later(seconds, evict)

    def enter(self, timeout: Timeout) -> "_Inside":
        """Enter with the timeout around the work. Eviction makes it expire early."""
        return _Inside(self._inside, self._limit, timeout)


class _Inside:
    """A class, since it is faster than a generator."""

    __slots__ = ("_inside", "_limit", "_timeout")

    def __init__(self, inside: dict[Timeout, None], limit: int, timeout: Timeout) -> None:
        self._inside = inside
        self._limit = limit
        self._timeout = timeout

    def __enter__(self) -> None:
        if len(self._inside) >= self._limit:
            oldest = next(iter(self._inside))
            del self._inside[oldest]
            _expire(oldest)
        self._inside[self._timeout] = None

    def __exit__(self, *_: object) -> None:
        self._inside.pop(self._timeout, None)


def _expire(timeout: Timeout) -> None:
    if not timeout.expired():
        timeout.reschedule(0)
