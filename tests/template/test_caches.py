"""Two instances of a service share each cache server, which dies under load and comes back."""

import asyncio
import re
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from uuid import uuid4

import aiohttp
import pytest
from shipsmith.template import location, presets
from shipsmith.template.questionnaire import questions_of

from ..support.services import http_client, needs, projects
from ..support.services.load import load
from ..support.services.projects import Service
from ..support.systems import postgresql
from ..support.systems.packages import require
from ..support.systems.processes import wait_until
from ..support.systems.servers import Recipe, Server

CLIENTS = 8
PAUSE = 0.02
CHOICES = {"database": "postgresql", "metrics": "prometheus"}
MISSES = 200

questionnaire = questions_of(location.root())
smallest = presets.load(location.root(), "minimal").answers | CHOICES
rows = [smallest | {"cache": cache} for cache in questionnaire.options["cache"].values if cache != "memory"]
shared = {
    row["cache"]: row for row in rows if questionnaire.context(questionnaire.resolve(row))["has_cache_server"]
}


@dataclass(frozen=True)
class System:
    """Two instances of a service, and what they share."""

    instances: tuple[Service, Service]
    cache: Server
    database: Server

    @property
    def orders(self) -> list[str]:
        """The URLs of the resource."""
        return [f"{each.url}/v1/orders" for each in self.instances]

    def reads(self, result: str) -> int:
        """What both have counted."""
        return self._sum(f'cache_reads_total{{result="{result}"}}')

    def in_flight(self) -> int:
        """Requests that wait for an answer of either."""
        return self._sum("http_server_active_requests")

    def _sum(self, metric: str) -> int:
        return sum(_value(each, metric) for each in self.instances)


def _value(service: Service, metric: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{service.ports['metrics']}/metrics", timeout=5) as answer:
        found = re.search(rf"^{re.escape(metric)} (\S+)$", answer.read().decode(), re.M)
    return int(float(found[1])) if found else 0


@pytest.fixture(scope="module", params=list(shared))
def system(
    request: pytest.FixtureRequest,
    module_server: Callable[[Recipe], Server],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    answers = shared[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    project = projects.new(folder / "orders", answers)
    project.make("setup")
    (address,) = (each["url"] for each in needs.servers(answers) if each["section"] == "cache")
    cache, database = module_server(_recipe(answers)), module_server(postgresql.POSTGRESQL)
    settings = {
        "DATABASE__URL": postgresql.url(database),
        "CACHE__URL": address.format(address=f"127.0.0.1:{cache.port}"),
    }
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(projects.running(project, settings, folder / f"log-{number}"))
            for number in range(2)
        )
        yield System((first, second), cache, database)


def _recipe(answers: dict[str, object]) -> Recipe:
    return next(needs.recipe(each, {}) for each in needs.servers(answers) if each["section"] == "cache")


@pytest.fixture(autouse=True)
def breakers_are_closed(system: System) -> None:
    """The test before may have left them open."""
    wait_for_copies(system)


def wait_for_copies(system: System) -> None:
    """Until each instance answers from the cache."""
    for orders in system.orders:
        wait_until(partial(_is_cached, system, orders), "a read from the cache", 10)


def _is_cached(system: System, orders: str) -> bool:
    """Whether an id that does not exist is looked up once."""
    before = system.reads("hit")
    missing = f"{orders}/{uuid4()}"
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(missing, timeout=5)
    return system.reads("hit") > before


def test_two_hundred_misses_at_once_cause_two_loads_at_most(system: System) -> None:
    """One for each instance, while the database makes all of them wait."""

    async def scenario() -> list[str]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            order = await http_client.create(session, system.orders[0])
            await asyncio.sleep(2.1)  # after a change, nothing is kept for a short time
            before = system.reads("miss")
            async with locked_table(system.database):
                urls = (f"{orders}/{order}" for orders in cycle(system.orders))
                reads = [asyncio.create_task(_name(session, url)) for url in islice(urls, MISSES)]
                await asyncio.to_thread(
                    wait_until, lambda: system.in_flight() == MISSES, "all reads to wait", 60
                )
            names = await asyncio.gather(*reads)
            assert 1 <= system.reads("miss") - before <= 2
        return names

    assert asyncio.run(scenario()) == MISSES * ["anchor"]


def test_what_one_instance_changes_the_other_answers(system: System) -> None:
    """A change, a removal, and an id that did not exist."""

    async def scenario() -> None:
        async with aiohttp.ClientSession() as session:
            for here, there in (system.orders, reversed(system.orders)):
                order = await http_client.create(session, here)
                for url in (here, there):
                    assert await _name(session, f"{url}/{order}") == "anchor"
                changed = {"name": "rope", "quantity": 1}
                async with session.put(f"{there}/{order}", json=changed) as answer:
                    assert answer.status == 200
                assert await _name(session, f"{here}/{order}") == "rope"
                async with session.delete(f"{there}/{order}") as answer:
                    assert answer.status == 204
                async with session.get(f"{here}/{order}") as answer:
                    assert answer.status == 404

    asyncio.run(scenario())


def test_it_dies_under_load_and_is_used_again(system: System) -> None:
    """No request fails while the cache is dead, nor when it comes back. Then reads come from it again."""

    async def scenario() -> None:
        async with aiohttp.ClientSession() as session:
            orders = cycle(system.orders)
            request = partial(_create_and_read, session, orders)
            async with load(request, CLIENTS, PAUSE) as clients:
                await asyncio.sleep(1)
                await asyncio.to_thread(system.cache.kill)
                await asyncio.sleep(3)
                await asyncio.to_thread(system.cache.start)
                await asyncio.sleep(2)
            assert clients.problems() == []
            assert len(clients.records) > 50

    asyncio.run(scenario())
    wait_for_copies(system)
    assert all(each.process.running() for each in system.instances)


async def _create_and_read(session: aiohttp.ClientSession, orders: Iterator[str]) -> None:
    await http_client.create_and_read(session, next(orders))


async def _name(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["name"])


@asynccontextmanager
async def locked_table(database: Server) -> AsyncIterator[None]:
    """Nobody reads the table at first."""
    url = postgresql.url(database).replace("+asyncpg", "")
    psql = [require("psql", "postgresql"), "-Atq", url]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*psql, stdin=pipe, stdout=pipe)
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"BEGIN; LOCK TABLE orders; SELECT 'locked';\n")
    assert await process.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        await process.communicate(b"COMMIT;\n")
    assert process.returncode == 0
