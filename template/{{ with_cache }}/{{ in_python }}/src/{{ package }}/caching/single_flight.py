"""Concurrent misses of the same copy cause one load."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .store import Key


class SingleFlight:
    def __init__(self) -> None:
        self._loading: dict[Key, asyncio.Task[Any]] = {}

    async def run(self, key: Key, load: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if not (task := self._loading.get(key)):
            task = self._loading[key] = asyncio.create_task(load())
            task.add_done_callback(lambda done: self._forget(key, done))
        # a caller that gives up must not cancel the load that others wait for
        return await asyncio.shield(task)

    def forget(self, key: Key) -> None:
        """From now on, callers load again: what is being loaded may be out of date."""
        self._loading.pop(key, None)

    def is_current(self, key: Key) -> bool:
        """Called inside a load: whether its result is still up to date."""
        return self._loading.get(key) is asyncio.current_task()

    def _forget(self, key: Key, task: asyncio.Task[Any]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not report it if every caller is gone
