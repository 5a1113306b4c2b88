"""Load on a running service, with the time and outcome of each request."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """One request: when it was sent, and its problem, if any."""

    sent: float
    problem: str | None


@dataclass
class Load:
    """Clients that send requests one after the other until stopped."""

    records: list[Record] = field(default_factory=list)
    stopping: bool = False

    def problems(self, before: float = float("inf")) -> list[str]:
        """The problems of requests sent before this moment."""
        return [record.problem for record in self.records if record.problem and record.sent < before]


@asynccontextmanager
async def load(send: Callable[[], Awaitable[object]], clients: int, pause: float = 0) -> AsyncIterator[Load]:
    """Send requests from many clients at once; a request fails by raising. Clients can pause between them."""
    state = Load()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(send, state, pause))
        try:
            yield state
        finally:
            state.stopping = True


async def _client(send: Callable[[], Awaitable[object]], state: Load, pause: float) -> None:
    while not state.stopping:
        sent, problem = time.monotonic(), None
        try:
            await send()
        except Exception as error:
            problem = repr(error)
            await asyncio.sleep(0.01)
        state.records.append(Record(sent, problem))
        await asyncio.sleep(pause)
