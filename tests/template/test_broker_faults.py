"""A service with NATS, Kafka or a stand-in for SQS under load, while the broker or the service is killed."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest

from ..support.services import (
    environments,
    http_client,
    kafka_messages,
    nats_messages,
    projects,
    sqs_messages,
)
from ..support.services.load import load
from ..support.services.projects import Project
from ..support.systems import kafka, nats, sqs
from ..support.systems.servers import Recipe, Server

# 20 last for minutes
KILLS = (4, pytest.param(20, marks=pytest.mark.long))
CLIENTS, PAUSE = 4, 0.02
ANSWERS = {
    "service_name": "orders",
    "resources": {"order": {"name": "str", "quantity": "int"}},
    **{"http": True, "grpc": False, "database": "sqlite", "cache": "none"},
    **{"metrics": "none", "deploy": "none", "ci": "none"},
}


@dataclass(frozen=True)
class Broker:
    recipe: Recipe
    url: Callable[[Server], str]
    messages: ModuleType
    # how long a consumer that was killed keeps its commands from others
    settings: dict[str, str]
    seconds: float


BROKERS = {
    "nats": Broker(nats.NATS, nats.url, nats_messages, {"BROKER__ACK_WAIT_SECONDS": "1"}, 0.3),
    "kafka": Broker(kafka.KAFKA, kafka.url, kafka_messages, {"BROKER__SESSION_TIMEOUT_SECONDS": "6"}, 9),
    "sqs": Broker(sqs.SQS, sqs.url, sqs_messages, {"BROKER__VISIBILITY_TIMEOUT_SECONDS": "2"}, 0.5),
}
# the stand-in for SQS keeps everything in memory
THAT_KEEP = ("nats", "kafka")


@pytest.fixture(scope="module", params=BROKERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def broker(name: str) -> Broker:
    return BROKERS[name]


@pytest.fixture(scope="module")
def project(name: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = projects.new(tmp_path_factory.mktemp(name) / "orders", {**ANSWERS, "broker": name})
    environments.prepare(project)
    return project


@pytest.fixture(scope="module")
def server(broker: Broker, module_server: Callable[[Recipe], Server]) -> Server:
    return module_server(broker.recipe)


@pytest.fixture
def settings(broker: Broker, server: Server, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path}/orders.db",
        "BROKER__URL": broker.url(server),
        **broker.settings,
        # a consumer that is killed has failed: the commands are not to blame
        "BROKER__DELIVERY_LIMIT": "900",
    }


@pytest.mark.parametrize("name", THAT_KEEP, indirect=True, scope="module")
def test_a_broker_dies_under_load_and_nothing_is_lost_or_takes_effect_twice(
    project: Project, broker: Broker, server: Server, settings: dict[str, str], tmp_path: Path
) -> None:
    names = [f"command-{number}" for number in range(200)]
    sends = [*names, *names]
    random.shuffle(sends)

    async def scenario(orders: str) -> None:
        created: list[str] = []

        async def create(session: aiohttp.ClientSession) -> None:
            created.append(await http_client.create(session, orders))

        session = aiohttp.ClientSession()
        async with session, load(lambda: create(session), CLIENTS, PAUSE) as clients:
            sending = asyncio.create_task(broker.messages.send_commands(broker.url(server), sends))
            for _ in range(2):
                await asyncio.sleep(1)
                await asyncio.to_thread(server.kill)
                await asyncio.sleep(1)
                await asyncio.to_thread(server.start)
            await sending
        assert clients.problems() == []
        assert len(created) > 100
        counts = await http_client.settled_counts(orders, names)
        assert {name: counts[name] for name in names} == Counter(names)
        await all_told(broker, server, counts.total())
        told = await broker.messages.stored_events(broker.url(server))
        assert set(created) <= {identity for _, identity in told}

    with projects.running(project, settings, tmp_path / "log") as service:
        asyncio.run(scenario(f"{service.url}/v1/orders"))


@pytest.mark.parametrize("kills", KILLS)
def test_a_service_that_is_killed_at_random_moments_carries_each_command_out_once(
    project: Project, broker: Broker, server: Server, settings: dict[str, str], tmp_path: Path, kills: int
) -> None:
    names = [f"{kills}-killed-{number}" for number in range(kills * 30)]

    async def settled(orders: str) -> None:
        counts = await http_client.settled_counts(orders, names)
        assert {name: counts[name] for name in names} == Counter(names)
        await all_told(broker, server, before + len(names))
        assert await broker.messages.dead_letters(broker.url(server)) == 0

    with projects.running(project, settings, tmp_path / "log"):
        before = len(asyncio.run(broker.messages.stored_events(broker.url(server))))
    command = ("-m", project.package)
    for number in range(kills):
        part = names[number * 30 : (number + 1) * 30]
        with projects.serving(project, settings, tmp_path / "log", command) as service:
            asyncio.run(broker.messages.send_commands(broker.url(server), part))
            time.sleep(random.uniform(0, broker.seconds))
            service.process.kill()
    with projects.serving(project, settings, tmp_path / "log", command) as service:
        asyncio.run(settled(f"{service.url}/v1/orders"))


async def all_told(broker: Broker, server: Server, count: int) -> None:
    """Wait until so many events are stored, and see that none is there twice."""
    for _ in range(300):
        told = await broker.messages.stored_events(broker.url(server))
        if len(told) >= count:
            break
        await asyncio.sleep(0.1)
    assert len(told) == len(set(told)) == count
