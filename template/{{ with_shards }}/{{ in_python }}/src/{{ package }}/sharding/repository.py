"""Repositories that are spread over the shards.

Reads and changes of one row go to one shard. Only while rows are moved, some look in two: where the row was
before, and then where it belongs. A change moves its row first. Lists are read from all shards, and merged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Generic, cast
from uuid import UUID

from ..adapters.repository import SqlRepository
from ..entity import E, Page
from ..errors import NotFoundError
from ..repository import Repository, Storage
from .placement import Placement
from .router import Result, Router

CreateStorage = Callable[..., Storage]


class ShardedRepository(Generic[E]):
    def __init__(
        self,
        kind: type[SqlRepository[E]],
        open_repository: Callable[[Placement, str], Repository[E]],
        router: Router,
    ) -> None:
        self.entity = kind.entity
        self._table = kind.table
        self._open = open_repository
        self._router = router

    async def get(self, entity_id: UUID) -> E:
        return await self._find(entity_id, lambda repository: repository.get(entity_id))

    async def current(self, entity_id: UUID) -> E:
        return await self._find(entity_id, lambda repository: repository.current(entity_id))

    async def page(self, after: UUID | None, limit: int, filters: Mapping[str, object]) -> Page[E]:
        async def attempt(placement: Placement) -> Page[E]:
            found: dict[UUID, E] = {}
            more = False
            for stage in placement.stages:
                shards = (self._open(placement, shard) for shard in stage)
                for page in await asyncio.gather(*(shard.page(after, limit, filters) for shard in shards)):
                    found |= {entity.id: entity for entity in page.items}
                    more = more or page.next is not None
            await self._router.expect(placement, placement.shards[0])
            items = sorted(found.values(), key=lambda entity: entity.id)
            more = more or len(items) > limit
            return Page(items[:limit], items[limit - 1].id if more else None)

        return await self._router.follow(attempt)

    async def add(self, entity: E) -> None:
        await self._change(entity.id, lambda repository: repository.add(entity))

    async def save(self, changed: E) -> bool:
        return await self._change(changed.id, lambda repository: repository.save(changed))

    async def remove(self, entity: E) -> bool:
        return await self._change(entity.id, lambda repository: repository.remove(entity))

    async def _find(self, entity_id: UUID, read: Callable[[Repository[E]], Awaitable[E]]) -> E:
        async def attempt(placement: Placement) -> E:
            *before, owner = placement.places(entity_id)
            for shard in before:
                with suppress(NotFoundError):
                    return await read(self._open(placement, shard))
            try:
                return await read(self._open(placement, owner))
            except NotFoundError:
                await self._router.expect(placement, owner)
                raise

        return await self._router.follow(attempt)

    async def _change(
        self,
        entity_id: UUID,
        change: Callable[[Repository[E]], Awaitable[Result]],
    ) -> Result:
        async def attempt(placement: Placement) -> Result:
            *before, owner = placement.places(entity_id)
            for shard in before:
                await self._router.move(placement, shard, owner, self._table, [entity_id])
            return await change(self._open(placement, owner))

        return await self._router.follow(attempt)


class ShardedStorage:
    def __init__(self, router: Router, create_storage: CreateStorage) -> None:
        self._router = router
        self._create_storage = create_storage
        self._storages: dict[tuple[int, str], Storage] = {}

    def repository(self, kind: Callable[[Any], Repository[E]]) -> Repository[E]:
        opened: dict[tuple[int, str], Repository[E]] = {}

        def open_repository(placement: Placement, shard: str) -> Repository[E]:
            key = placement.epoch, shard
            if key not in opened:
                opened[key] = self._storage(placement, shard).repository(kind)
            return opened[key]

        return ShardedRepository(cast(type[SqlRepository[E]], kind), open_repository, self._router)

    async def check(self) -> None:
        """Every shard has to answer: each keeps a part of all lists."""
        placement = await self._router.placement()
        storages = (self._storage(placement, shard) for shard in placement.members)
        await asyncio.gather(*(storage.check() for storage in storages))

    def _storage(self, placement: Placement, shard: str) -> Storage:
        key = placement.epoch, shard
        if key not in self._storages:
            self._storages[key] = self._create_storage(self._router.engine(placement, shard))
        return self._storages[key]
