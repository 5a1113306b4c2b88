"""A service behind PgBouncer, under load, while that and the database are killed; and its manifests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support import checkers as tools
from ..support.services import environments, http_client, projects
from ..support.services.load import Load, load
from ..support.services.projects import Project, Service
from ..support.systems import pgbouncer, postgresql
from ..support.systems.packages import UnavailableError
from ..support.systems.processes import wait_until
from ..support.systems.servers import Server, running
from .test_deploy_checks import APP, DELETE, OVERLAYS, POD, Place, plant, run_tests

CLIENTS = 30
"""More than the service has connections."""
POOL_SIZE = 10
PAUSE = 0.02
OUTAGE_SECONDS = 2

POOLER = "Deployment/pgbouncer"
FAULTS: dict[str, tuple[str, Place, Any]] = {
    "too many instances": (POOLER, ("spec", "replicas"), 4),
    "an instance that ends is not waited for": (POOLER, ("spec", "minReadySeconds"), 1),
    "the pools of all pods do not fit into an instance": (
        "Deployment/orders",
        ("metadata", "annotations", "orders/pgbouncer-max-connections"),
        "4000",
    ),
    "its pods have another label": (
        POOLER,
        ("spec", "template", "metadata", "labels", "app.kubernetes.io/name"),
        "orders",
    ),
    "it runs as root": (POOLER, (*POD, "securityContext", "runAsUser"), 0),
    "it may write to its image": (POOLER, (*APP, "securityContext", "readOnlyRootFilesystem"), False),
    "an image without a version": (POOLER, (*APP, "image"), "edoburu/pgbouncer"),
    "it looks for its files elsewhere": (POOLER, (*APP, "workingDir"), "/etc/pgbouncer"),
    "its files are not there": (POOLER, (*POD, "volumes", 1, "secret", "secretName"), "pgbouncer"),
    "it has no time to end": (POOLER, (*POD, "terminationGracePeriodSeconds"), 15),
    "its service selects the service itself": (
        "Service/pgbouncer",
        ("spec", "selector", "app.kubernetes.io/name"),
        "orders",
    ),
    "cancelling finds any instance": ("Service/pgbouncer", ("spec", "sessionAffinity"), DELETE),
    "nobody may reach it": ("NetworkPolicy/pgbouncer", ("spec", "ingress"), DELETE),
    "the service may not reach it": ("NetworkPolicy/orders-pgbouncer", ("spec", "egress"), DELETE),
    "its disruption budget protects nothing": (
        "PodDisruptionBudget/pgbouncer",
        ("spec", "selector", "matchLabels"),
        {"app": "pgbouncer"},
    ),
    "migrations go through it": (
        "ExternalSecret/orders-postgresql",
        ("spec", "data", 0, "secretKey"),
        "ORDERS_DATABASE__URL",
    ),
}


@dataclass(frozen=True)
class System:
    """A running service, and the real servers that it uses."""

    service: Service
    pooler: Server
    database: Server

    @property
    def orders(self) -> str:
        return f"{self.service.url}/v1/orders"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = presets.load(source.root(), "minimal").answers
    answers |= {"database": "postgresql", "pooler": "pgbouncer", "deploy": "kubernetes"}
    project = projects.new(tmp_path_factory.mktemp("pooler") / "orders", answers)
    environments.prepare(project)
    return project


@pytest.fixture
def system(project: Project, tmp_path: Path) -> Iterator[System]:
    with ExitStack() as stack:
        try:
            database = stack.enter_context(running(postgresql.POSTGRESQL, container=False))
            pooler = stack.enter_context(running(pgbouncer.in_front_of(database.port), container=False))
        except UnavailableError as error:
            pytest.skip(str(error))
        settings = {
            "DATABASE__URL": postgresql.url(pooler),
            "DATABASE__POOL_SIZE": str(POOL_SIZE),
            "MIGRATIONS__URL": postgresql.url(database),
        }
        service = stack.enter_context(projects.running(project, settings, tmp_path / "log"))
        yield System(service, pooler, database)


@pytest.mark.parametrize("victim", ["pooler", "database"])
def test_requests_fail_with_503_until_what_was_killed_is_back(system: System, victim: str) -> None:
    """Then they succeed again without a restart, and what was answered is kept."""
    server: Server = getattr(system, victim)

    async def scenario() -> None:
        async with creating(system) as (created, requests):
            await asyncio.to_thread(wait_until, lambda: len(created) > 100, "orders")
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(OUTAGE_SECONDS)
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(wait_until, partial(goes_on, requests), "requests to succeed again", 20)
        assert {problem[:20] for problem in requests.problems()} == {"AssertionError('503 "}
        kept = await http_client.count_by_name(system.orders)
        assert {name: kept[name] for name in created} == dict.fromkeys(created, 1)

    asyncio.run(scenario())
    assert system.service.process.running()


def goes_on(requests: Load) -> bool:
    """Whether the last requests have succeeded, after some that have not."""
    last = requests.records[-2 * CLIENTS :]
    return bool(requests.problems()) and not [record for record in last if record.problem]


@asynccontextmanager
async def creating(system: System) -> AsyncIterator[tuple[list[str], Load]]:
    """Clients that create orders with names of their own; those that were answered, and all requests."""
    created: list[str] = []

    async def create(session: aiohttp.ClientSession) -> None:
        name = uuid4().hex
        await http_client.create(session, system.orders, name)
        created.append(name)

    async with aiohttp.ClientSession() as session, load(partial(create, session), CLIENTS, PAUSE) as requests:
        yield created, requests


@pytest.fixture(scope="module")
def failed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Which of the repository's tests fail for each fault."""
    folder = project.folder / "deploy" / "overlays"
    right = {overlay: tools.kustomize(folder / overlay) for overlay in OVERLAYS}
    faulty = {fault: plant(right, *FAULTS[fault]) for fault in FAULTS}
    return run_tests(project, right | faulty, tmp_path_factory.mktemp("planted"))


def test_right_manifests_pass(failed: dict[str, set[str]]) -> None:
    assert [failed[overlay] for overlay in OVERLAYS] == 3 * [set()]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found(failed: dict[str, set[str]], fault: str) -> None:
    assert failed[fault]
