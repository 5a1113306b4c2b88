"""Counts how often a cache spares a load; the hit ratio is hits over all."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from prometheus_client import Counter

from ..entity import E, Entity
from .cached_repository import Cache

READS = Counter("cache_reads_total", "Reads through the cache", ["result"])
HITS, MISSES = READS.labels("hit"), READS.labels("miss")


class MeteredCache:
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def get_or_load(self, kind: type[E], entity_id: UUID, load: Callable[[], Awaitable[E]]) -> E:
        counter = HITS

        async def counted_load() -> E:
            nonlocal counter
            counter = MISSES
            return await load()

        try:
            return await self._cache.get_or_load(kind, entity_id, counted_load)
        finally:
            counter.inc()

    async def discard(self, kind: type[Entity], entity_id: UUID) -> None:
        await self._cache.discard(kind, entity_id)
