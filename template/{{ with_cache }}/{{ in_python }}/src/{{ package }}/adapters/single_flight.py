"""Many callers who miss the same copy at once cause one load."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from ..entity import E, Entity

Key = tuple[type[Entity], UUID]


class SingleFlight:
    def __init__(self) -> None:
        self._loading: dict[Key, asyncio.Task[Any]] = {}

    async def run(self, key: Key, load: Callable[[], Coroutine[Any, Any, E]]) -> E:
        if not (task := self._loading.get(key)):
            task = self._loading[key] = asyncio.create_task(load())
            task.add_done_callback(lambda done: self._forget(key, done))
        # one caller who gives up must not cancel the load that others wait for
        entity: E = await asyncio.shield(task)
        return entity

    def forget(self, key: Key) -> None:
        """Callers from now on load anew: what is being loaded may be out of date."""
        self._loading.pop(key, None)

    def is_current(self, key: Key) -> bool:
        """Asked from inside a load: whether its result is still wanted."""
        return self._loading.get(key) is asyncio.current_task()

    def _forget(self, key: Key, task: asyncio.Task[Any]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not report it where every caller has left
