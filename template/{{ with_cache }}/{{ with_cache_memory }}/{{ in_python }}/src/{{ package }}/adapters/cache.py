"""Copies kept in this process, the least recently used ones dropped first."""

import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from ..entity import E, Entity
from .single_flight import Key, SingleFlight


class CacheSettings(BaseModel):
    ttl_seconds: float = Field(60, gt=0)
    jitter: float = Field(0.1, ge=0, lt=1, description="share of the TTL by which expiries are spread")
    max_entries: int = Field(10_000, ge=1)


class MemoryCache:
    def __init__(self, settings: CacheSettings) -> None:
        self._settings = settings
        self._entries: OrderedDict[Key, tuple[float, Any]] = OrderedDict()
        self._flight = SingleFlight()

    async def get_or_load(self, kind: type[E], entity_id: UUID, load: Callable[[], Awaitable[E]]) -> E:
        key = (kind, entity_id)
        if (entry := self._entries.get(key)) and entry[0] > time.monotonic():
            self._entries.move_to_end(key)
            entity: E = entry[1]
            return entity
        return await self._flight.run(key, lambda: self._load(key, load))

    async def discard(self, kind: type[Entity], entity_id: UUID) -> None:
        self._flight.forget((kind, entity_id))
        self._entries.pop((kind, entity_id), None)

    async def _load(self, key: Key, load: Callable[[], Awaitable[E]]) -> E:
        entity = await load()
        if self._flight.is_current(key):
            spread = 1 + self._settings.jitter * random.uniform(-1, 1)
            expiry = time.monotonic() + self._settings.ttl_seconds * spread
            self._entries[key] = (expiry, entity)
            self._entries.move_to_end(key)
            if len(self._entries) > self._settings.max_entries:
                self._entries.popitem(last=False)
        return entity


@asynccontextmanager
async def connect(settings: CacheSettings) -> AsyncIterator[MemoryCache]:
    yield MemoryCache(settings)
