"""Many questions in one request: those that come before it is sent."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Batches(Generic[Question, Answer]):
    """While the event loop is busy, questions gather. Nobody waits longer than alone."""

    def __init__(self, ask: Callable[[list[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._asking: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """Its answer. If the request fails, all of its questions raise the error."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            # it begins when the event loop comes to it, and in no caller's context
            asking = loop.create_task(self._ask_all(), context=Context())
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        return await answer

    async def _ask_all(self) -> None:
        batch, self._waiting = self._waiting, []
        waiting = [answer for _, answer in batch]
        try:
            answers = await self._ask([question for question, _ in batch])
        except Exception as error:
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
        else:
            for each, answer in zip(waiting, answers, strict=True):
                if not each.done():
                    each.set_result(answer)
