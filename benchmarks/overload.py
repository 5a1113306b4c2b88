"""Three times as many requests as a service can answer, with the adaptive limit beside without it.

Run it with `make overload`, with nothing beside it. It takes about two minutes. A database behind a slow link
bounds what the service can answer. It fails if the limit does not keep throughput and latency, or if the
service does without the limit, since then it was not overloaded.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from shipsmith.template import location, presets

from tests.support.services import http_client, projects
from tests.support.systems import postgresql
from tests.support.systems.links import slow_link
from tests.support.systems.servers import ProcessServer, Server

# of each statement: with five connections, the service answers at most 200 requests per second
LINK_SECONDS, CONNECTIONS = 0.025, 5
LOAD_SECONDS = 30
ANSWERS = presets.load(location.root(), "minimal").answers | {"database": "postgresql"}


class Load:
    """Requests at a rate, however long the answers take: their latencies in seconds, by status."""

    def __init__(self) -> None:
        self.latencies: dict[int, list[float]] = {}

    async def run(self, url: str, rate: float, seconds: float) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
            began = time.monotonic()
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0, began + number / rate - time.monotonic()))
                group.create_task(self._send(session, url))

    async def _send(self, session: aiohttp.ClientSession, url: str) -> None:
        began = time.monotonic()
        async with session.get(url) as answer:
            await answer.read()
            assert answer.status == 200 or "Retry-After" in answer.headers
        self.latencies.setdefault(answer.status, []).append(time.monotonic() - began)

    def slowest(self) -> float:
        """The 99th percentile of what was answered."""
        answered = sorted(self.latencies[200])
        return answered[len(answered) * 99 // 100]


async def loaded(url: str, rate: float, seconds: float) -> Load:
    load = Load()
    await load.run(url, rate, seconds)
    return load


@dataclass(frozen=True)
class Figures:
    """Of three times the load: answers per second, and their 99th percentile, as ratios."""

    goodput: float
    """To those of the load that the service can just answer."""
    latency: float
    """To that of a service without load."""
    statuses: dict[int, int]


async def measure(orders: str) -> Figures:
    async with aiohttp.ClientSession() as session:
        url = f"{orders}/{await http_client.create(session, orders)}"
    unloaded = (await loaded(url, 20, 10)).slowest()
    most = CONNECTIONS / LINK_SECONDS
    peak = len((await loaded(url, most, 5)).latencies[200]) / 5
    load = await loaded(url, 3 * most, LOAD_SECONDS)
    statuses = {status: len(latencies) for status, latencies in load.latencies.items()}
    return Figures(statuses[200] / LOAD_SECONDS / peak, load.slowest() / unloaded, statuses)


def figures(database: Server, folder: Path, throttling: bool) -> Figures:
    folder.mkdir()
    project = projects.new(folder / "orders", {**ANSWERS, "throttling": throttling})
    project.make("setup")
    with ExitStack() as stack:
        port = stack.enter_context(slow_link(database.port, LINK_SECONDS))
        url = postgresql.url(database).replace(str(database.port), str(port))
        settings: dict[str, Any] = {"DATABASE__URL": url, "DATABASE__POOL_SIZE": str(CONNECTIONS)}
        running = stack.enter_context(projects.running(project, settings, folder / "log"))
        return asyncio.run(measure(f"{running.url}/v1/orders"))


def main() -> None:
    measured = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        # PostgreSQL's user finds its data in it
        Path(folder).chmod(0o711)
        database = ProcessServer(postgresql.POSTGRESQL)
        stack.callback(database.stop)
        database.start()
        for throttling in (True, False):
            measured[throttling] = each = figures(database, Path(folder, str(throttling)), throttling)
            print(
                f"{throttling=}: goodput {each.goodput:.2f}, p99 {each.latency:.1f}x, {each.statuses}",
                flush=True,
            )
    limited, unlimited = measured[True], measured[False]
    if limited.goodput < 0.9 or limited.latency > 3 or unlimited.latency < 2 * limited.latency:
        sys.exit("missed: with the limit, goodput >= 0.9 and p99 <= 3x; without it, p99 >= twice that")


if __name__ == "__main__":
    main()
