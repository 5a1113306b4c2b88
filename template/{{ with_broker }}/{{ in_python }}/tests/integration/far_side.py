"""The other side of the broker: a service that gets the events and sends commands."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

SECONDS = 60


@dataclass(frozen=True)
class Told:
    """An event, as it arrived."""

    type: str | None
    message_id: str | None
    sequence: int
    body: bytes
    attributes: Mapping[str, str]
    """Those of CloudEvents, without the broker's prefix."""
    headers: Mapping[str, str]
    """All that are texts."""

    @property
    def id(self) -> UUID:
        """The id of what the event tells of."""
        return UUID(json.loads(self.body)["id"])

    @property
    def version(self) -> int:
        version: int = json.loads(self.body)["version"]
        return version


def attributes_of(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}


class FarSide(ABC):
    """A service that uses this one through the broker. It knows nothing of its code."""

    @abstractmethod
    async def listen(self) -> None:
        """Receive everything that is told from now on."""

    @abstractmethod
    async def next_event(self) -> Told | None:
        """The next event, if it is there already."""

    @abstractmethod
    async def send(self, message_id: str, fields: Mapping[str, object], **headers: str) -> None:
        """Send a command to create something."""

    @abstractmethod
    async def consumed(self) -> bool:
        """Whether somebody takes the commands."""

    @abstractmethod
    async def unfinished(self) -> bool:
        """Whether there are commands that were not acknowledged."""

    @abstractmethod
    async def next_dead(self) -> str | None:
        """The message id of the next dead letter, if it is there already."""

    @abstractmethod
    async def lose_commands(self) -> None:
        """Delete what commands are sent to."""

    @abstractmethod
    async def lose_events(self) -> None:
        """Delete what events are published to."""

    @abstractmethod
    async def refuse(self, type_: str) -> None:
        """Make the broker refuse events of a type."""

    @abstractmethod
    async def accept(self) -> None:
        """Make it refuse nothing any more."""

    async def receive(self) -> Told:
        async for _ in attempts():
            if event := await self.next_event():
                return event
        raise AssertionError

    async def everything(self) -> AsyncIterator[Told]:
        """All events that are there."""
        while event := await self.next_event():
            yield event

    async def dead(self) -> str:
        async for _ in attempts():
            if message_id := await self.next_dead():
                return message_id
        raise AssertionError


async def attempts() -> AsyncIterator[None]:
    """Again and again, for a while."""
    async with asyncio.timeout(SECONDS):
        while True:
            yield
            await asyncio.sleep(0.05)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async for _ in attempts():
        if await holds():
            return
