"""A service that reads from a replica, under load, while its servers are killed."""

import asyncio
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support.services import environments, http_client, projects
from ..support.services.load import Load, load
from ..support.services.projects import Project, Service
from ..support.systems.packages import UnavailableError
from ..support.systems.processes import wait_until
from ..support.systems.servers import Recipe, Server, running

OTHERS = ("mariadb", "mysql", "mongodb")
DATABASES = ("postgresql", *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS))
CLIENTS = 4
PAUSE = 0.02
# how long a kill lasts
OUTAGE_SECONDS = 3
# MongoDB's driver looks for the new primary for so long, and would not notice the outage
IMPATIENT = {"mongodb": {"DATABASE__POOL_TIMEOUT_SECONDS": "2"}}
# its driver repeats a commit until the new primary answers: if all clients were at one, nothing fails
REPEATING = {"mongodb"}
ANSWERED = re.compile(r'^database_reads_total\{target="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class System:
    """A running service, and the real servers that it uses."""

    service: Service
    primary: Server
    replica: Server

    @property
    def orders(self) -> str:
        return f"{self.service.url}/v1/orders"

    def reads(self, target: str) -> float:
        """How many were answered by this kind of server so far."""
        url = f"http://127.0.0.1:{self.service.ports['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return float(dict(ANSWERED.findall(answer.read().decode())).get(target, 0))

    def until_reads_by(self, target: str) -> None:
        """Wait until one kind of server answers, and the other one does not."""
        other = {"primary": "replica", "replica": "primary"}[target]

        def alone() -> bool:
            before = self.reads(other), self.reads(target)
            time.sleep(0.5)
            return self.reads(other) == before[0] and self.reads(target) > before[1]

        wait_until(alone, f"reads by the {target} alone")


@pytest.fixture(scope="module", params=DATABASES)
def database(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(f"..support.systems.{request.param}", __package__)


@pytest.fixture(scope="module")
def project(database: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Project:
    name = name_of(database)
    answers = presets.load(source.root(), "minimal").answers
    answers |= {"database": name, "replicas": True, "metrics": "prometheus"}
    project = projects.new(tmp_path_factory.mktemp(name) / "orders", answers)
    environments.prepare(project)
    return project


@pytest.fixture
def system(project: Project, database: ModuleType, tmp_path: Path) -> Iterator[System]:
    """The URL of the database names both hosts."""
    with ExitStack() as stack:
        try:
            primary = stack.enter_context(running(primary_of(database), container=False))
            replica = stack.enter_context(running(database.replica_of(primary.port), container=False))
        except UnavailableError as error:
            pytest.skip(str(error))
        settings = {
            "DATABASE__URL": database.url_of_all(primary, replica),
            "REPLICAS__URL": database.url(replica),
            # so long do replicas answer while there is no primary
            "REPLICAS__MAX_LAG_SECONDS": "60",
        } | IMPATIENT.get(name_of(database), {})
        service = stack.enter_context(projects.running(project, settings, tmp_path / "log"))
        yield System(service, primary, replica)


def test_no_request_fails_while_the_replica_is_killed_and_comes_back(system: System) -> None:
    async def scenario() -> None:
        async with loads(system) as (reads, writes):
            await asyncio.to_thread(system.until_reads_by, "replica")
            await asyncio.to_thread(system.replica.kill)
            await asyncio.to_thread(system.until_reads_by, "primary")
            await asyncio.to_thread(system.replica.start)
            await asyncio.to_thread(system.until_reads_by, "replica")
        assert (reads.problems(), writes.problems()) == ([], [])
        assert min(len(reads.records), len(writes.records)) > 100

    asyncio.run(scenario())


def test_a_failover_is_survived_without_a_restart(system: System, database: ModuleType) -> None:
    """Reads go on, and writes fail until the replica is promoted: with the right status, and no longer."""

    async def scenario() -> None:
        async with loads(system) as (reads, writes):
            await asyncio.to_thread(system.until_reads_by, "replica")
            await asyncio.to_thread(system.primary.kill)
            await asyncio.sleep(OUTAGE_SECONDS)
            await asyncio.to_thread(database.promote, system.replica)
            await asyncio.to_thread(system.until_reads_by, "primary")
            before = len(writes.records)
            await asyncio.sleep(1)
            after = writes.records[before + CLIENTS :]
        assert reads.problems() == []
        failed = {problem[:20] for problem in writes.problems()}
        assert failed <= {"AssertionError('503 "}
        assert failed or name_of(database) in REPEATING
        assert [record.problem for record in after if record.problem] == []
        assert len(after) > CLIENTS

    asyncio.run(scenario())


def name_of(database: ModuleType) -> str:
    return database.__name__.rpartition(".")[2]


def primary_of(database: ModuleType) -> Recipe:
    recipe: Recipe = getattr(database, "WITH_COPIES", None) or getattr(database, name_of(database).upper())
    return recipe


@asynccontextmanager
async def loads(system: System) -> AsyncIterator[tuple[Load, Load]]:
    """Clients that read one order again and again, and others that create some."""
    async with aiohttp.ClientSession() as session:
        order = f"{system.orders}/{await http_client.create(session, system.orders)}"
        async with (
            load(partial(read, session, order), CLIENTS, PAUSE) as reads,
            load(partial(http_client.create, session, system.orders), CLIENTS, PAUSE) as writes,
        ):
            yield reads, writes


async def read(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as response:
        assert response.status == 200, f"{response.status} {await response.text()}"
