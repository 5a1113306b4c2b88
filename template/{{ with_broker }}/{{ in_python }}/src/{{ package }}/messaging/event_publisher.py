"""Publishes events in parallel, and finds out what became of each."""

import asyncio
from abc import ABC, abstractmethod

from ..operations import Operation
from .connection import answering
from .event import Chain, Event
from .outcome import Outcome

SEND = Operation()


class EventPublisher(ABC):
    def __init__(self, timeout_seconds: float) -> None:
        self._seconds = timeout_seconds

    @abstractmethod
    async def open(self) -> None:
        """Declare what events are published to, unless that was done and has not been lost."""

    @abstractmethod
    async def _publish(self, event: Event) -> None:
        """Publish an event, and wait for the confirm. Raises TimeoutError if there is none in time."""

    @abstractmethod
    async def _check(self) -> object:
        """Ask the broker something that no event has to do with."""

    @abstractmethod
    def _reason(self, error: BaseException, alone: bool) -> str | None:
        """Why an event was rejected, without its body. None if its fate is unknown."""

    async def send(self, chains: list[Chain]) -> Outcome:
        """Send all chains at once, each in its order and up to the first event that is not confirmed.

        Raises SilentError if the broker answers nothing at all: then no event is to blame.
        """
        outcome = Outcome()
        failed: list[tuple[Event, BaseException]] = []

        async def send(chain: Chain) -> None:
            for event in chain:
                if error := await self._attempt(event):
                    failed.append((event, error))
                    return
                outcome.confirmed.append(event)

        await asyncio.gather(*map(send, chains))
        timed_out = [isinstance(error, TimeoutError) for _, error in failed]
        if failed and not outcome.confirmed and all(timed_out):
            async with answering(self._seconds):
                await self._check()
        for event, error in failed:
            if reason := self._reason(error, alone=len(chains) == 1):
                outcome.rejected.append((event, reason))
            else:
                outcome.unanswered += 1
        return outcome

    async def _attempt(self, event: Event) -> BaseException | None:
        """Publish an event. Returns the error if it was not confirmed."""
        # in a task of its own: a lost connection may cancel the tasks that wait for it
        [answer] = await asyncio.gather(self._watched(event), return_exceptions=True)
        return answer

    async def _watched(self, event: Event) -> None:
        with SEND(event["type"], event["headers"]):
            await self._publish(event)
