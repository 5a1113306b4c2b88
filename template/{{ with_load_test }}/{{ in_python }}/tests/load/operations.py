"""What is called, in the form that each protocol gives to it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

Call = Callable[[Any], Awaitable[None]]
"""Sends one request, and fails if it is not answered as it should be."""


@dataclass(frozen=True)
class Stored:
    """A resource, and one of its entities that are kept."""

    plural: str
    entity: Any
    filters: list[str]
    """The fields by which its list can be filtered, of those that the entity has."""
    fields: Callable[[], Awaitable[dict[str, Any]]]
    """Valid fields of another one, as JSON."""


@dataclass(frozen=True)
class Operation:
    name: str
    requests: Callable[[int], Awaitable[list[Any]]]
    """So many of them. They are made before they are timed."""


def repeated(name: str, request: object) -> Operation:
    """The same request each time."""

    async def requests(count: int) -> list[Any]:
        return [request] * count

    return Operation(name, requests)


class Protocol(ABC):
    section: str
    """The settings with its port."""
    bare_server: str
    """The module of a server that does nothing else."""
    bare: Operation
    """What that is asked."""

    @abstractmethod
    def operations(self, stored: Stored) -> Iterator[Operation]: ...

    @abstractmethod
    def connected(self, port: int) -> AbstractAsyncContextManager[Call]:
        """One caller, with a connection of its own."""
