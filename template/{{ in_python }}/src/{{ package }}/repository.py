"""The ports of the use cases: repositories of entities."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from .entity import E, Page


class Repository(Protocol[E]):
    """The entities of one resource. Each change is atomic.

    `add` and `save` raise DuplicateError and UnknownReferenceError for fields that break such rules.
    """

    entity: type[E]

    async def get(self, entity_id: UUID) -> E:
        """The entity, which may be a cached copy and slightly out of date. Raises NotFoundError."""

    async def current(self, entity_id: UUID) -> E:
        """The entity, never a cached copy: what a change starts from. Raises NotFoundError."""

    async def page(self, after: UUID | None, limit: int, filters: Mapping[str, object]) -> Page[E]:
        """At most `limit` entities with these values, ordered by id, after the id `after`."""

    async def add(self, entity: E) -> None:
        """Raises AlreadyExistsError if the id is taken."""

    async def save(self, changed: E) -> bool:
        """Replace the previous version. Returns False if that is not the current one any more."""

    async def remove(self, entity: E) -> bool:
        """Delete the entity; returns as `save`. Raises ConflictError if another entity refers to it."""


class Storage(Protocol):
    """What the repositories of all resources share."""

    def repository(self, kind: Callable[[Any], Repository[E]]) -> Repository[E]: ...

    async def check(self) -> None:
        """Raises an error if nothing can be stored at present."""
