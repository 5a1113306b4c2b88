"""Buckets in this process."""

import time
from collections import OrderedDict
from collections.abc import Callable

from .buckets import Decision, Limit

Clock = Callable[[], int]


def now() -> int:
    return time.monotonic_ns() // 1000


class LocalBuckets:
    """Bounded: the least recently used bucket is dropped, and is full when it is used again.

    Most buckets that are dropped are full anyway. Of another, a client gets one burst more than it should; it
    would have to use as many other buckets before it gets the next.
    """

    def __init__(self, limit: Limit, max_buckets: int, clock: Clock = now) -> None:
        self.limit = limit
        self._max_buckets = max_buckets
        self._clock = clock
        self._full_at: OrderedDict[str, int] = OrderedDict()

    async def take(self, key: str) -> Decision:
        limit, now = self.limit, self._clock()
        until_full = max(self._full_at.pop(key, now) - now, 0)
        allowed = until_full + limit.interval <= limit.fill
        if allowed:
            until_full += limit.interval
        self._full_at[key] = now + until_full
        if len(self._full_at) > self._max_buckets:
            self._full_at.popitem(last=False)
        return limit.decision(allowed, until_full)
