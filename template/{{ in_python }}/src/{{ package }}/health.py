"""Whether this process should be sent requests."""

import asyncio
from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS = 2


class Health:
    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._checking: asyncio.Task[list[str]] | None = None
        self.stopping = asyncio.Event()
        """Set once the process was told to end: it is ready no more, and what runs in it drains."""

    def add(self, name: str, check: Check) -> None:
        """Add what must answer for the service to be ready; `check` raises where it does not."""
        self._checks[name] = check

    async def failing(self) -> list[str]:
        """Names of what keeps the service from being ready; none where it is ready.

        Callers at the same time share one check, so that probes, however many, cost the servers little.
        """
        if self.stopping.is_set():
            return ["stopping"]
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check())
        return await asyncio.shield(self._checking)

    async def _check(self) -> list[str]:
        answers = await asyncio.gather(*map(_answers, self._checks.values()))
        return [name for name, ok in zip(self._checks, answers, strict=True) if not ok]


async def _answers(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception:
        return False
    return True
