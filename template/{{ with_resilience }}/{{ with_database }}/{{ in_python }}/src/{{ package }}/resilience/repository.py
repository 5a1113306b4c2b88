"""Repositories whose database may fail: no call takes long, and it is left alone until it recovers."""

from collections.abc import Callable, Mapping
from typing import Any, Generic
from uuid import UUID

from ..entity import E, Page
from ..repository import Repository, Storage
from ..telemetry import Counter
from .breaker import Breaker
from .guard import Guard
from .retries import RetriedReads, RetryBudget
from .settings import ResilienceSettings

RETRIES = Counter("database_retries_total", "Failed reads by whether they were tried again", "decision")

CreateStorage = Callable[..., Storage]


class GuardedRepository(Generic[E]):
    """Reads are tried again. Changes are not: they may have taken effect."""

    def __init__(self, repository: Repository[E], guard: Guard, reads: RetriedReads) -> None:
        self.entity = repository.entity
        self._repository = repository
        self._guard = guard
        self._reads = reads

    async def get(self, entity_id: UUID) -> E:
        return await self._reads.call(lambda: self._repository.get(entity_id))

    async def current(self, entity_id: UUID) -> E:
        return await self._reads.call(lambda: self._repository.current(entity_id))

    async def page(self, after: UUID | None, limit: int, filters: Mapping[str, object]) -> Page[E]:
        return await self._reads.call(lambda: self._repository.page(after, limit, filters))

    async def add(self, entity: E) -> None:
        await self._guard.call(lambda: self._repository.add(entity))

    async def save(self, changed: E) -> bool:
        return await self._guard.call(lambda: self._repository.save(changed))

    async def remove(self, entity: E) -> bool:
        return await self._guard.call(lambda: self._repository.remove(entity))


class GuardedStorage:
    """All repositories of a database share a guard, and a budget of retries."""

    def __init__(self, storage: Storage, settings: ResilienceSettings) -> None:
        breaker = Breaker("database", settings.pause_seconds, lease_seconds=settings.timeout_seconds)
        self._storage = storage
        self._guard = Guard(breaker, settings.timeout_seconds)
        self._reads = RetriedReads(self._guard, settings.retries, RetryBudget(), RETRIES)

    def repository(self, kind: Callable[[Any], Repository[E]]) -> Repository[E]:
        return GuardedRepository(self._storage.repository(kind), self._guard, self._reads)

    async def check(self) -> None:
        await self._storage.check()


def guarded(create_storage: CreateStorage, settings: ResilienceSettings) -> CreateStorage:
    """A function that creates the same storages, each with a guard of its own."""

    def create(*connection: object) -> Storage:
        return GuardedStorage(create_storage(*connection), settings)

    return create
