"""The port of the caches: get, set and delete."""

from typing import Any, Protocol
from uuid import UUID

from ..entity import Entity

Key = tuple[type[Entity], UUID]
"""The entity of which something is a copy."""

MISSING = object()
"""The copy of an entity that does not exist."""


class Store(Protocol):
    """Keeps copies of entities, and MISSING for ids that do not exist. If it fails, it only misses."""

    shared: bool
    """Whether other instances of the service use it as well."""

    async def get(self, key: Key) -> Any:
        """The copy; None if there is none."""

    async def set(self, key: Key, copy: Any, seconds: float) -> None:
        """Keep the copy for this time. A shared store ignores copies of what was just deleted."""

    async def delete(self, key: Key) -> None: ...
