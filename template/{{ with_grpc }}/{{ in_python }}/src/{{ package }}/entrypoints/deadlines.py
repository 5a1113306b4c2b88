"""Time limits of calls. One timer checks all of them: a timer for each would slow down calls by a tenth."""

import asyncio
from typing import Any, Self

CHECK_SECONDS = 0.1


class Deadlines:
    def __init__(self) -> None:
        self._running: set[Deadline] = set()
        self._watched = False

    def after(self, seconds: float) -> "Deadline":
        """A deadline for the block inside, which may take up to CHECK_SECONDS longer."""
        return Deadline(self, asyncio.get_running_loop().time() + seconds)

    def add(self, deadline: "Deadline") -> None:
        self._running.add(deadline)
        if not self._watched:
            self._watch()

    def remove(self, deadline: "Deadline") -> None:
        self._running.discard(deadline)

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for deadline in [each for each in self._running if each.when() <= now]:
            deadline.expire()
        self._watched = bool(self._running)
        if self._watched:
            loop.call_later(CHECK_SECONDS, self._watch)


class Deadline:
    """Raises TimeoutError in the current task, as asyncio.timeout does, but faster."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "_when")

    def __init__(self, deadlines: Deadlines, when: float) -> None:
        self._deadlines = deadlines
        self._when = when
        self._expired = False
        task: Any = asyncio.current_task()
        self._task = task
        self._cancelling: int = task.cancelling()

    def when(self) -> float:
        return self._when

    def reschedule(self, when: float) -> None:
        self._when = when
        if when <= asyncio.get_running_loop().time():
            self.expire()

    def expired(self) -> bool:
        return self._expired

    def expire(self) -> None:
        self._deadlines.remove(self)
        if not self._expired:
            self._expired = True
            self._task.cancel()

    def __enter__(self) -> Self:
        self._deadlines.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._deadlines.remove(self)
        # as in asyncio.timeout: cancellations by others are passed on
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
