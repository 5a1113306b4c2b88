"""What all resources have in common."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from .errors import StaleVersionError

Expected = Collection[int] | None
"""The versions that a change may replace. None allows any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    id: UUID
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime

    def expect(self, versions: Expected) -> None:
        """Raise StaleVersionError if the entity has another version."""
        if versions is not None and self.version not in versions:
            raise StaleVersionError(f"its version is {self.version}")


# of a page: a quarter of what gRPC clients accept by default
PAGE_BYTES = 1024 * 1024

E = TypeVar("E", bound=Entity)
Form = TypeVar("Form")


@dataclass(frozen=True, slots=True)
class Page(Generic[E]):
    items: list[E]
    next: UUID | None
    """Where the next page starts. None on the last page."""

    @classmethod
    def of(cls, found: list[E], limit: int) -> "Page[E]":
        """The first `limit` of the entities that were found. One more means that there is another page."""
        more = len(found) > limit
        return cls(found[:limit], found[limit - 1].id if more else None)

    def written(
        self,
        write: Callable[[E], Form],
        size: Callable[[Form], int],
    ) -> tuple[list[Form], UUID | None]:
        """As many entities as fit into an answer, as `write` writes them, and where the next page starts."""
        forms: list[Form] = []
        total = 0
        for item in self.items:
            form = write(item)
            total += size(form)
            if forms and total > PAGE_BYTES:
                return forms, self.items[len(forms) - 1].id
            forms.append(form)
        return forms, self.next


def new_id() -> UUID:
    """A version 7 UUID, which grows with time: new rows share index pages, lists are in order of creation."""
    return uuid7()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
