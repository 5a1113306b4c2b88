"""Repositories that read from replicas.

Changes, and the reads that these start from, go to the primary. So do the reads that fill a cache: a replica
that is behind would put back what a change has just discarded.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar
from uuid import UUID

from ..adapters.replica_dialect import LAST_POSITION
from ..adapters.replicas import NOT_YET_THERE
from ..entity import E, Page
from ..errors import NotFoundError, UnavailableError
from ..repository import Repository, Storage
from ..telemetry import Counter
from .read_after import current_call
from .replicas import Replica, Replicas

DATABASE_READS = Counter(
    "database_reads_total", "Reads by the server that has answered", "target", ("primary", "replica")
)

Found = TypeVar("Found")
CurrentPosition = Callable[[], Awaitable[str]]


class ReplicatedRepository(Generic[E]):
    def __init__(
        self,
        primary: Repository[E],
        copies: Mapping[Replica, Repository[E]],
        replicas: Replicas,
        current_position: CurrentPosition,
    ) -> None:
        self.entity = primary.entity
        self._primary = primary
        self._copies = copies
        self._replicas = replicas
        self._current_position = current_position

    async def get(self, entity_id: UUID) -> E:
        return await self._read(lambda repository: repository.get(entity_id))

    async def current(self, entity_id: UUID) -> E:
        DATABASE_READS.add(1, "primary")
        return await self._primary.current(entity_id)

    async def page(self, after: UUID | None, limit: int, filters: Mapping[str, object]) -> Page[E]:
        return await self._read(lambda repository: repository.page(after, limit, filters))

    async def add(self, entity: E) -> None:
        await self._primary.add(entity)
        await self._note_position()

    async def save(self, changed: E) -> bool:
        if saved := await self._primary.save(changed):
            await self._note_position()
        return saved

    async def remove(self, entity: E) -> bool:
        if removed := await self._primary.remove(entity):
            await self._note_position()
        return removed

    async def _read(self, read: Callable[[Repository[E]], Awaitable[Found]]) -> Found:
        """From a replica if there is one that can answer; the primary knows what none of them has yet."""
        if replica := self._replicas.next_usable():
            try:
                found = await read(self._copies[replica])
            except UnavailableError:
                replica.failed()
            except (NotFoundError, *NOT_YET_THERE):
                pass
            else:
                DATABASE_READS.add(1, "replica")
                return found
        DATABASE_READS.add(1, "primary")
        return await read(self._primary)

    async def _note_position(self) -> None:
        """For the caller's token. The change is committed: it does not fail if its position is not known."""
        if call := current_call():
            call.written = LAST_POSITION  # with which reads go to the primary
            with suppress(UnavailableError):
                call.written = await self._current_position()


class ReplicatedStorage:
    def __init__(self, storage: Storage, replicas: Replicas, current_position: CurrentPosition) -> None:
        self._storage = storage
        self._replicas = replicas
        self._current_position = current_position

    def repository(self, kind: Callable[[Any], Repository[E]]) -> Repository[E]:
        copies = {replica: kind(replica.source) for replica in self._replicas.all}
        primary = self._storage.repository(kind)
        return ReplicatedRepository(primary, copies, self._replicas, self._current_position)

    async def check(self) -> None:
        """The primary alone: without replicas, the service works as well."""
        await self._storage.check()
