"""Copies kept in this process, the least recently used ones dropped first."""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import Field

from ..caching.settings import CachingSettings
from ..caching.store import MISSING, Key


class CacheSettings(CachingSettings):
    max_entries: int = Field(10_000, ge=1)


class MemoryStore:
    shared = False

    def __init__(self, settings: CacheSettings) -> None:
        self._settings = settings
        self._entries: OrderedDict[Key, tuple[float, Any]] = OrderedDict()

    async def get(self, key: Key) -> Any:
        if (entry := self._entries.get(key)) and entry[0] > time.monotonic():
            self._entries.move_to_end(key, last=entry[1] is not MISSING)
            return entry[1]
        return None

    async def set(self, key: Key, copy: Any, seconds: float) -> None:
        self._entries[key] = (time.monotonic() + seconds, copy)
        # ids that do not exist take no room from entities, however many are asked for
        self._entries.move_to_end(key, last=copy is not MISSING)
        if len(self._entries) > self._settings.max_entries:
            self._entries.popitem(last=False)

    async def delete(self, key: Key) -> None:
        self._entries.pop(key, None)


@asynccontextmanager
async def connect(settings: CacheSettings) -> AsyncIterator[MemoryStore]:
    yield MemoryStore(settings)
