"""Reads through a cache: one load for concurrent misses, a TTL with jitter, ids that do not exist.

A change deletes the copy. A load that began before the change cannot bring the old copy back: in this
instance, its result is not kept; for the others, the store refuses copies for a short time.
"""

import random
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from ..entity import E, Entity
from ..errors import NotFoundError
from .settings import CachingSettings
from .single_flight import SingleFlight
from .store import MISSING, Key, Store

# shared stores refuse copies for twice this time after a change; a slower load is not kept
LONGEST_LOAD_SECONDS = 1


class ReadThrough:
    def __init__(self, store: Store, settings: CachingSettings) -> None:
        self._store = store
        self._settings = settings
        self._flight = SingleFlight()

    async def get_or_load(self, kind: type[E], entity_id: UUID, load: Callable[[], Awaitable[E]]) -> E:
        """The copy, or the result of `load`. Raises NotFoundError if the id is known not to exist."""
        key = (kind, entity_id)
        # concurrent reads of a shared store take part in one flight, too
        copy = None if self._store.shared else await self._store.get(key)
        if copy is None:
            copy = await self._flight.run(key, lambda: self._get_or_load(key, load))
        if copy is MISSING:
            raise NotFoundError(f"no {kind.__name__} has the id {entity_id}")
        entity: E = copy
        return entity

    async def discard(self, kind: type[Entity], entity_id: UUID) -> None:
        key = (kind, entity_id)
        self._flight.forget(key)
        await self._store.delete(key)

    async def _get_or_load(self, key: Key, load: Callable[[], Awaitable[Entity]]) -> Any:
        copy = await self._store.get(key)
        return copy if copy is not None else await self._load(key, load)

    async def _load(self, key: Key, load: Callable[[], Awaitable[Entity]]) -> Any:
        copy: Any
        started = time.monotonic()
        try:
            copy, seconds = await load(), self._settings.ttl_seconds
        except NotFoundError:
            copy, seconds = MISSING, self._settings.missing_seconds
        if seconds and self._is_current(key, started):
            spread = 1 + self._settings.jitter * random.uniform(-1, 1)
            await self._store.set(key, copy, seconds * spread)
        return copy

    def _is_current(self, key: Key, started: float) -> bool:
        in_time = not self._store.shared or time.monotonic() - started < LONGEST_LOAD_SECONDS
        return in_time and self._flight.is_current(key)
