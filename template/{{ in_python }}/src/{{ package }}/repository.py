"""The ports that use cases need: where entities are kept."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from .entity import E, Page


class Repository(Protocol[E]):
    """The entities of one resource. Each change is atomic.

    `add` and `save` raise DuplicateError and UnknownReferenceError for the fields that break such a rule.
    """

    entity: type[E]

    async def get(self, entity_id: UUID) -> E:
        """Raise NotFoundError where there is none. It may be a copy, and somewhat out of date."""

    async def current(self, entity_id: UUID) -> E:
        """The same, but never a copy: what a change starts from."""

    async def page(self, after: UUID | None, limit: int, filters: Mapping[str, object]) -> Page[E]:
        """At most `limit` of those with these values, by their ids, from the first one behind `after`."""

    async def add(self, entity: E) -> None:
        """Raise AlreadyExistsError where the id is taken."""

    async def save(self, changed: E) -> bool:
        """Replace the version before it; False where that is not the current one any more."""

    async def remove(self, entity: E) -> bool:
        """The same for a removal. Raise ConflictError where something refers to it."""


class Storage(Protocol):
    """What the repositories of all resources share."""

    def repository(self, kind: Callable[[Any], Repository[E]]) -> Repository[E]: ...

    async def check(self) -> None:
        """Raise any error where nothing can be kept at present."""
