"""Limits on how much an entrypoint works on at the same time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

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


class EvictingBulkhead:
    """Evicts the oldest work above the limit, so that callers that never finish cannot block others."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside: dict[asyncio.Timeout, None] = {}

    def evict_all(self, seconds: float = 0) -> None:
        """Evict what is still inside after so many seconds."""
        latest = asyncio.get_running_loop().time() + seconds
        for timeout in self._inside:
            _expire(timeout, latest)

    @contextmanager
    def enter(self, timeout: asyncio.Timeout) -> Iterator[None]:
        """Enter with the timeout around the work. Eviction makes it expire early."""
        if len(self._inside) >= self._limit:
            oldest = next(iter(self._inside))
            del self._inside[oldest]
            _expire(oldest, 0)
        self._inside[timeout] = None
        try:
            yield
        finally:
            self._inside.pop(timeout, None)


def _expire(timeout: asyncio.Timeout, latest: float) -> None:
    if not timeout.expired():
        when = timeout.when()
        timeout.reschedule(latest if when is None else min(when, latest))
