"""Bounds on how much an entrypoint works on at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

# for requests that are on their way when the service is told to end; those of strangers would hold it up
ARRIVAL_SECONDS = 2


class OverloadedError(Exception):
    """As much is in flight as may be."""


class Bulkhead:
    """Refuses what is over the limit: a late answer helps no caller."""

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
    """Evicts what has been inside the longest: callers that never finish cannot keep others out."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside: dict[asyncio.Timeout, None] = {}

    def evict_all(self, seconds: float = 0) -> None:
        """Evict what is inside and has not left after so many seconds."""
        latest = asyncio.get_running_loop().time() + seconds
        for timeout in self._inside:
            _expire(timeout, latest)

    @contextmanager
    def enter(self, timeout: asyncio.Timeout) -> Iterator[None]:
        """Enter with the timeout that surrounds the work; it expires early on eviction."""
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
