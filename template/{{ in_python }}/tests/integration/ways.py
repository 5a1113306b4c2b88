"""The ways on which values reach the service: what each entrypoint needs for the test of values."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Way:
    create: Callable[[str, dict[str, Any]], Awaitable[UUID | None]]
    """Create one of a resource, by its plural; None where it is refused."""

    read: Callable[[str, UUID], Awaitable[dict[str, Any]]]
    """What this way says of it, as JSON."""

    takes_json: bool = True
    """Whether it gets the values as they are, and refuses what others refuse."""
