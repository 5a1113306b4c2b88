"""The service of `full` under load, while what it needs dies, and while it is told to stop."""

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import grpc.aio
import pytest

from ..support.services import grpc_client, http_client, messages, projects
from ..support.services.load import load
from ..support.services.projects import Project, Service
from ..support.systems import postgresql, rabbitmq, redis
from ..support.systems.processes import Process, free_port
from ..support.systems.servers import Recipe, Server

CLIENTS = 8
# seconds, during outages: these last, and whatever else is tested here needs the machine as well
PAUSE = 0.02
# RabbitMQ writes the list of its queues to disk after 3 s; a younger queue may not survive a kill.
QUEUES_ON_DISK = 5

# the service, of which one runnable dies
KILLER = """
import asyncio, sys, time
from contextlib import asynccontextmanager
from orders import __main__, serve

name = sys.argv.pop()

def kill(task):
    print("killed at", time.monotonic(), flush=True)
    task.cancel()

def mortal(run):
    @asynccontextmanager
    async def wrapped(application, settings):
        async with run(application, settings) as task:
            asyncio.get_running_loop().call_later(0.5, kill, task)
            yield task

    return wrapped if run.__module__.endswith("." + name) else run

serve.RUNNABLES[:] = map(mortal, serve.RUNNABLES)
__main__.main()
"""


@dataclass(frozen=True)
class System:
    """A running service and the real servers that it uses."""

    service: Service
    redis: Server
    rabbitmq: Server

    @property
    def orders(self) -> str:
        return f"{self.service.url}/v1/orders"


@pytest.fixture(scope="module")
def servers(module_server: Callable[[Recipe], Server]) -> dict[str, Server]:
    recipes = (postgresql.POSTGRESQL, redis.REDIS, rabbitmq.RABBITMQ)
    return {recipe.name: module_server(recipe) for recipe in recipes}


@pytest.fixture
def settings(servers: dict[str, Server]) -> dict[str, str]:
    return {
        "DATABASE__URL": postgresql.url(servers["postgresql"]),
        "CACHE__URL": redis.url(servers["redis"]),
        "BROKER__URL": rabbitmq.url(servers["rabbitmq"]),
        "RATE_LIMIT__URL": redis.url(servers["redis"]),
        "RATE_LIMIT__BURST": "1000000",
    }


@pytest.fixture
def system(
    full: Project, servers: dict[str, Server], settings: dict[str, str], tmp_path: Path
) -> Iterator[System]:
    with projects.running(full, settings, tmp_path / "log") as service:
        yield System(service, servers["redis"], servers["rabbitmq"])


def test_redis_dies_under_load(system: System) -> None:
    """No request fails while Redis is dead, nor when it comes back."""

    async def scenario() -> None:
        async with aiohttp.ClientSession() as session:
            request = partial(http_client.create_and_read, session, system.orders)
            async with load(request, CLIENTS, PAUSE) as clients:
                await asyncio.sleep(1)
                await asyncio.to_thread(system.redis.kill)
                await asyncio.sleep(3)
                await asyncio.to_thread(system.redis.start)
                await asyncio.sleep(2)
            assert clients.problems() == []
            assert len(clients.records) > 100

    asyncio.run(scenario())


def test_rabbitmq_dies_under_load_and_every_event_arrives(system: System) -> None:
    """No request fails while RabbitMQ is dead, and each order that was created has its event in the end."""

    async def scenario() -> None:
        created: list[str] = []

        async def create(session: aiohttp.ClientSession) -> None:
            created.append(await http_client.create(session, system.orders))

        async with messages.listening(rabbitmq.url(system.rabbitmq), "orders.events") as events:
            session = aiohttp.ClientSession()
            async with session, load(lambda: create(session), CLIENTS, PAUSE) as clients:
                await asyncio.sleep(QUEUES_ON_DISK)
                await asyncio.to_thread(system.rabbitmq.kill)
                await asyncio.sleep(2)
                await asyncio.to_thread(system.rabbitmq.start)
                await asyncio.sleep(2)
            assert clients.problems() == []
            assert len(created) > 100
            await events.until("order.created", *created)

    asyncio.run(scenario())


def test_rabbitmq_dies_under_commands_and_each_takes_effect_once(system: System) -> None:
    """A command creates one order, however often it is sent, and though RabbitMQ dies in between."""
    names = [f"command-{number}" for number in range(200)]
    sends = [*names, *names]
    random.shuffle(sends)

    async def scenario() -> None:
        await asyncio.sleep(QUEUES_ON_DISK)
        sending = asyncio.create_task(messages.send_commands(rabbitmq.url(system.rabbitmq), sends))
        await asyncio.sleep(1)
        await asyncio.to_thread(system.rabbitmq.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(system.rabbitmq.start)
        await sending
        counts = await http_client.settled_counts(system.orders, names)
        assert {name: counts[name] for name in names} == Counter(names)

    asyncio.run(scenario())


@pytest.mark.parametrize("keep_alive", [True, False])
def test_sigterm_cuts_no_http_request(system: System, keep_alive: bool) -> None:
    """Every request sent before SIGTERM is answered in full, and the process ends well."""

    async def scenario() -> None:
        connector = aiohttp.TCPConnector(force_close=not keep_alive)
        session = aiohttp.ClientSession(connector=connector)
        async with session, load(lambda: http_client.create(session, system.orders), CLIENTS) as clients:
            await asyncio.sleep(1)
            slow = await asyncio.to_thread(http_client.begin_slow_request, system.service.ports["http"])
            signalled = terminate(system.service)
            await asyncio.sleep(0.5)
            assert b"201 Created" in await asyncio.to_thread(http_client.end_slow_request, slow)
        assert clients.problems(before=signalled) == []
        assert len(clients.records) > 100

    asyncio.run(scenario())
    assert system.service.process.wait(30) == 0


def test_sigterm_cuts_no_grpc_call(system: System) -> None:
    """Every call sent before SIGTERM is answered in full, and the process ends well."""
    target = system.service.grpc_target
    create = grpc_client.describe(target, "orders.v1.OrderService").methods_by_name["CreateOrder"]

    async def scenario() -> None:
        async with grpc.aio.insecure_channel(target) as channel:

            async def call() -> None:
                fields = {"name": "rope", "quantity": 7}
                await grpc_client.call_async(channel, create, {"fields": fields})

            async with load(call, CLIENTS) as clients:
                await asyncio.sleep(1)
                signalled = terminate(system.service)
                await asyncio.sleep(1)
        assert clients.problems(before=signalled) == []
        assert len(clients.records) > 100

    asyncio.run(scenario())
    assert system.service.process.wait(30) == 0


@pytest.mark.parametrize("name", ["metrics_server", "relay", "http", "grpc", "consumer"])
def test_a_server_or_worker_that_dies_ends_the_process(
    full: Project, settings: dict[str, str], name: str, tmp_path: Path
) -> None:
    """It ends soon, with a status that is not 0, and the log says why."""
    ports = {f"{name.upper()}__PORT": str(free_port()) for name in projects.PORTS}
    environment = projects.variables(full, settings | ports)
    command = full.python("-c", KILLER, name)
    process = Process(command, tmp_path / "log", environment, directory=full.folder)
    try:
        assert process.wait(60) == 1
        ended = time.monotonic()
    finally:
        process.kill()
    log = (tmp_path / "log").read_text()
    killed = re.search(r"^killed at ([\d.]+)$", log, re.MULTILINE)
    assert killed
    assert ended - float(killed[1]) < 5
    assert f'"what":"{name.replace("_", " ")}"' in log
    assert "ended unexpectedly" in log


def test_a_drain_that_takes_too_long_says_what_was_left(
    full: Project, settings: dict[str, str], tmp_path: Path
) -> None:
    """What does not end is cut off. The log counts it, and the status tells it from a crash."""
    impatient = settings | {"SHUTDOWN__DRAIN_SECONDS": "0.5"}
    with projects.running(full, impatient, tmp_path / "log") as service:
        slow = http_client.begin_slow_request(service.ports["http"])
        with slow, grpc_client.unfinished_call(service.grpc_target, "/orders.v1.OrderService/GetOrder"):
            time.sleep(1)
            service.process.terminate()
            assert service.process.wait(30) == 3
    late = [line for line in (tmp_path / "log").read_text().splitlines() if "drain took too long" in line]
    assert sorted((json.loads(line)["what"], json.loads(line)["in_flight"]) for line in late) == [
        ("grpc", 1),
        ("http", 1),
    ]


def terminate(service: Service) -> float:
    """Send SIGTERM; the moment before."""
    moment = time.monotonic()
    service.process.terminate()
    return moment
