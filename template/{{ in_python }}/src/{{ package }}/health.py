"""Whether this process is ready for requests."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS = 2

log = structlog.get_logger()


class Health:
    """A new process is ready once everything that it needs has worked, and then until it is told to stop.

    Servers that all replicas share are not checked again: during an outage, no replica would be better than
    another, and callers would find no service at all instead of one that says what is missing.
    """

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._checking: asyncio.Task[None] | None = None
        self._refused: set[str] = set()
        self._accepted: set[str] = set()
        self._failing: set[str] = set()
        self.stopping = asyncio.Event()
        """Set once the process was told to stop: it is not ready any more, and its runnables drain."""

    def add(self, name: str, check: Check) -> None:
        """Add something that must have answered once. `check` raises an error if it does not."""
        self._checks[name] = check

    def accepted(self, name: str) -> None:
        """A worker can do its work."""
        self._accepted.add(name)
        self._refused.discard(name)

    def refused(self, name: str) -> None:
        """A worker that has never worked cannot work, and waiting does not help."""
        if name not in self._accepted:
            self._refused.add(name)

    async def failing(self) -> list[str]:
        """The names of what keeps the service from being ready. Empty if it is ready.

        Concurrent callers share one check, so that many probes cost the servers little.
        """
        if self.stopping.is_set():
            return ["stopping"]
        if self._checks:
            if self._checking is None or self._checking.done():
                self._checking = asyncio.create_task(self._check())
            await asyncio.shield(self._checking)
        return [*self._checks, *sorted(self._refused)]

    async def _check(self) -> None:
        await asyncio.gather(*map(self._ask, list(self._checks)))

    async def _ask(self, name: str) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._checks[name]()
        except Exception as error:
            if name not in self._failing:
                log.warning("not ready", failing=name, exc_info=error)
            self._failing.add(name)
        else:
            del self._checks[name]
