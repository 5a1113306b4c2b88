"""Three times as many requests as a service can answer, with the adaptive limit beside without it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from shipsmith.template import location, presets

from ..support.services import environments, http_client, projects
from ..support.services.projects import Project
from ..support.systems import postgresql
from ..support.systems.links import slow_link
from ..support.systems.servers import Recipe, Server

pytestmark = pytest.mark.long

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


@pytest.fixture(scope="module")
def database(module_server: Callable[[Recipe], Server]) -> Server:
    return module_server(postgresql.POSTGRESQL)


def service(folder: Path, throttling: bool) -> Project:
    project = projects.new(folder / "orders", {**ANSWERS, "throttling": throttling})
    environments.prepare(project)
    return project


@pytest.fixture
def measured(database: Server, tmp_path: Path) -> Callable[[bool], tuple[float, float, Load]]:
    """With or without the limit: the 99th percentile without load, the capacity, and three times that."""

    def measure(throttling: bool) -> tuple[float, float, Load]:
        folder = tmp_path / str(throttling)
        project = service(folder, throttling)
        with ExitStack() as stack:
            port = stack.enter_context(slow_link(database.port, LINK_SECONDS))
            url = postgresql.url(database).replace(str(database.port), str(port))
            settings: dict[str, Any] = {"DATABASE__URL": url, "DATABASE__POOL_SIZE": str(CONNECTIONS)}
            running = stack.enter_context(projects.running(project, settings, folder / "log"))
            return asyncio.run(_phases(f"{running.url}/v1/orders"))

    return measure


async def _phases(orders: str) -> tuple[float, float, Load]:
    async with aiohttp.ClientSession() as session:
        url = f"{orders}/{await http_client.create(session, orders)}"
    unloaded = (await loaded(url, 20, 10)).slowest()
    most = CONNECTIONS / LINK_SECONDS
    peak = len((await loaded(url, most, 5)).latencies[200]) / 5
    return unloaded, peak, await loaded(url, 3 * most, LOAD_SECONDS)


def test_the_limit_keeps_throughput_and_latency_and_without_it_neither_holds(
    measured: Callable[[bool], tuple[float, float, Load]],
) -> None:
    ratios = {}
    for throttling in (True, False):
        unloaded, peak, load = measured(throttling)
        goodput = len(load.latencies[200]) / LOAD_SECONDS / peak
        ratios[throttling] = goodput, load.slowest() / unloaded
        statuses = {status: len(latencies) for status, latencies in load.latencies.items()}
        print(f"throttling={throttling}: {goodput=:.2f}, p99 {ratios[throttling][1]:.1f}x, {statuses}")
    goodput, latency = ratios[True]
    assert goodput >= 0.9
    assert latency <= 3
    assert ratios[False][1] > 2 * latency
