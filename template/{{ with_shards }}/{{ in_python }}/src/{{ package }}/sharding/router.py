"""What a process knows of the placement of rows, and how it learns a newer one: from the shards."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from ..adapters import moves, placements
from ..adapters.placements import FencedEngine, MovedError
from ..adapters.shards import FIRST
from ..errors import UnavailableError
from .placement import Placement

ATTEMPTS = 10

Result = TypeVar("Result")


class Router:
    def __init__(self, engines: Mapping[str, AsyncEngine]) -> None:
        self._engines = engines
        self._placement: Placement | None = None

    async def follow(self, attempt: Callable[[Placement], Awaitable[Result]]) -> Result:
        """The result of an attempt by the newest placement."""
        for _ in range(ATTEMPTS):
            placement = await self.placement()
            try:
                return await attempt(placement)
            except MovedError:
                if self._placement is placement:
                    self._placement = None
        raise UnavailableError("the shards do not agree on the placement of rows")

    async def placement(self) -> Placement:
        if self._placement is None:
            placement = await placements.read(self._engines[FIRST])
            await placements.publish(self._engines, placement)
            self._placement = placement
        return self._placement

    async def expect(self, placement: Placement, shard: str) -> None:
        """Raise MovedError if rows can have moved by a newer one, which this shard has before that.

        Not for a shard that is being emptied: it is told of no later placement.
        """
        if (await placements.read(self._engines[shard])).epoch != placement.epoch:
            raise MovedError

    def engine(self, placement: Placement, shard: str) -> FencedEngine:
        return FencedEngine(self._engines[shard], placement.epoch)

    async def move(
        self,
        placement: Placement,
        source: str,
        target: str,
        table: Table,
        ids: Collection[UUID],
    ) -> int:
        old, new = (self.engine(placement, shard) for shard in (source, target))
        return await moves.move(old, new, table, ids)
