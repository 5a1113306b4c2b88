"""Repositories that answer single reads from a cache (cache-aside). A change discards the cached copy."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, Protocol
from uuid import UUID

from ..entity import E, Entity, Page
from ..repository import Repository, Storage
from ..telemetry import Counter

READS = Counter("cache_reads_total", "Reads through the cache", "result", ("hit", "miss"))


class Cache(Protocol):
    async def get_or_load(self, kind: type[E], entity_id: UUID, load: Callable[[], Awaitable[E]]) -> E:
        """The cached copy, or the result of `load`. Concurrent misses of the same copy load it once."""

    async def discard(self, kind: type[Entity], entity_id: UUID) -> None: ...


class CachedRepository(Generic[E]):
    def __init__(self, repository: Repository[E], cache: Cache) -> None:
        self.entity = repository.entity
        self._repository = repository
        self._cache = cache

    async def get(self, entity_id: UUID) -> E:
        result = "hit"

        async def load() -> E:
            nonlocal result
            result = "miss"
            return await self._repository.current(entity_id)

        try:
            return await self._cache.get_or_load(self.entity, entity_id, load)
        finally:
            READS.add(1, result)

    async def current(self, entity_id: UUID) -> E:
        return await self._repository.current(entity_id)

    async def page(self, after: UUID | None, limit: int, filters: Mapping[str, object]) -> Page[E]:
        return await self._repository.page(after, limit, filters)

    async def add(self, entity: E) -> None:
        try:
            await self._repository.add(entity)
        finally:  # the id may have been asked for before
            await self._cache.discard(self.entity, entity.id)

    async def save(self, changed: E) -> bool:
        try:
            return await self._repository.save(changed)
        finally:
            await self._cache.discard(self.entity, changed.id)

    async def remove(self, entity: E) -> bool:
        try:
            return await self._repository.remove(entity)
        finally:
            await self._cache.discard(self.entity, entity.id)


class CachedStorage:
    def __init__(self, storage: Storage, cache: Cache) -> None:
        self._storage = storage
        self._cache = cache

    def repository(self, kind: Callable[[Any], Repository[E]]) -> Repository[E]:
        return CachedRepository(self._storage.repository(kind), self._cache)

    async def check(self) -> None:
        await self._storage.check()
