"""Faults that last: databases that die under load, slow and full brokers, a relay that is killed.

`make test-all` runs these; `make test` leaves them out.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import aiohttp
import grpc.aio
import pytest

from ..support.services import (
    environments,
    grpc_client,
    http_client,
    kafka_messages,
    messages,
    nats_messages,
    projects,
    sqs_messages,
)
from ..support.services.load import Load, load
from ..support.services.projects import Project, Service
from ..support.systems import kafka, mariadb, mongodb, mysql, nats, postgresql, rabbitmq, sqs
from ..support.systems.links import slow_link
from ..support.systems.processes import free_port
from ..support.systems.servers import Recipe, Server, running

pytestmark = pytest.mark.long

CLIENTS, PAUSE = 4, 0.02
OUTAGES, OUTAGE_SECONDS = 3, 2
COMMANDS = 300
# the stand-in for SQS takes longer for each message, the more it keeps
PAUSES, FEWER_COMMANDS = {"sqs": 0.1}, {"sqs": 60}
ANSWERS = {
    "service_name": "orders",
    "resources": {"order": {"name": "str", "quantity": "int"}},
    **{"http": True, "grpc": True, "cache": "none", "metrics": "none", "deploy": "none", "ci": "none"},
}
DATABASES: dict[str, ModuleType] = {
    "postgresql": postgresql,
    "mariadb": mariadb,
    "mysql": mysql,
    "mongodb": mongodb,
}
BROKERS: dict[str, tuple[ModuleType, ModuleType]] = {
    "nats": (nats, nats_messages),
    "rabbitmq": (rabbitmq, messages),
    "kafka": (kafka, kafka_messages),
    "sqs": (sqs, sqs_messages),
}
"""Each with its server, and with another service that uses it."""
REPEATING = {"rabbitmq", "kafka"}
"""They keep an event again that a relay publishes again, since it could not remove it. It has the same id."""
PAIRS = [(database, "nats") for database in DATABASES]
PAIRS += [("mongodb", broker) for broker in BROKERS if broker != "nats"]
"""One outbox serves all SQL databases; MongoDB has one of its own."""
IMPATIENT = {"mongodb": {"DATABASE__POOL_TIMEOUT_SECONDS": "1"}}
# A commit without an answer is repeated. Once killed, the stand-in for MongoDB does not know that it has
# carried it out: the transaction runs again, and meets what it has written itself.
REPEATED = {"mongodb": {"AssertionError('409 ", "StatusCode.ALREADY_EXISTS"}}
# a consumer that fails for so long has lost its database: the commands are not to blame
PATIENT = {"BROKER__DELIVERY_LIMIT": "900"}

# the service, whose relay dies once a file exists: what it has published is still in its outbox
KILLER = """
import os, signal, sys
from orders import __main__
from orders.adapters import outbox_queue

moment, remove = sys.argv.pop(), outbox_queue.remove

async def die_or_remove(connection, events):
    if os.path.exists(moment):
        os.kill(os.getpid(), signal.SIGKILL)
    await remove(connection, events)

outbox_queue.remove = die_or_remove
__main__.main()
"""


@dataclass(frozen=True)
class System:
    """A running service, and its real servers."""

    service: Service
    database: Server
    broker: Server
    database_name: str = "sqlite"
    broker_name: str = "nats"

    @property
    def orders(self) -> str:
        return f"{self.service.url}/v1/orders"

    async def told(self, count: int) -> set[tuple[str, str]]:
        """All events, once there are so many: none is there twice, where the broker sees to that."""
        module, client = BROKERS[self.broker_name]
        for _ in range(600):
            told: list[tuple[str, str]] = await client.stored_events(module.url(self.broker))
            if len(set(told)) >= count:
                break
            await asyncio.sleep(0.1)
        assert len(set(told)) == count
        assert len(told) == count or self.broker_name in REPEATING
        return set(told)


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A database and a broker."""
    database, broker = request.param
    return str(database), str(broker)


@pytest.fixture(scope="module")
def project(pair: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Project:
    database, broker = pair
    return made(tmp_path_factory.mktemp(database), database=database, broker=broker)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """The service with this broker."""
    return lambda broker: made(tmp_path_factory.mktemp(broker), database="sqlite", broker=broker)


@pytest.fixture
def system(
    project: Project, pair: tuple[str, str], server: Callable[[Recipe], Server], tmp_path: Path
) -> Iterator[System]:
    modules = (DATABASES[pair[0]], BROKERS[pair[1]][0])
    store, broker = (server(getattr(each, name.upper())) for each, name in zip(modules, pair, strict=True))
    settings = {
        "DATABASE__URL": modules[0].url(store),
        "BROKER__URL": modules[1].url(broker),
        **PATIENT,
        **IMPATIENT.get(pair[0], {}),
    }
    with projects.running(project, settings, tmp_path / "log") as service:
        yield System(service, store, broker, *pair)


def test_a_database_dies_under_load_and_nothing_is_lost_or_takes_effect_twice(
    system: System, record_property: Callable[[str, object], None]
) -> None:
    """Over HTTP, by gRPC and with commands. Callers learn that the service is unavailable."""
    commands = FEWER_COMMANDS.get(system.broker_name, COMMANDS)
    names = [f"command-{number}" for number in range(commands)]
    sends = [*names, *names]
    random.shuffle(sends)

    async def scenario() -> None:
        created: list[str] = []
        module, client = BROKERS[system.broker_name]
        assert await system.told(0) == set()
        async with clients(system, created) as (http, rpc):
            sending = asyncio.create_task(client.send_commands(module.url(system.broker), sends))
            for _ in range(OUTAGES):
                await asyncio.sleep(OUTAGE_SECONDS)
                await asyncio.to_thread(system.database.kill)
                await asyncio.sleep(OUTAGE_SECONDS)
                await asyncio.to_thread(system.database.start)
            await sending
            await asyncio.sleep(OUTAGE_SECONDS)
            soundly = [len(each.records) for each in (http, rpc)]
            await asyncio.sleep(1)
        after = http.records[soundly[0] + CLIENTS :] + rpc.records[soundly[1] + CLIENTS :]
        assert [record.problem for record in after if record.problem] == []
        repeated = REPEATED.get(system.database_name, set())
        assert {problem[:20] for problem in http.problems()} - repeated == {"AssertionError('503 "}
        allowed = {"StatusCode.UNAVAILABLE", *repeated}
        assert all(any(each in problem for each in allowed) for problem in rpc.problems())
        assert min(len(created), len(rpc.records) - len(rpc.problems())) > 100
        counts = await http_client.settled_counts(system.orders, names)
        assert {name: counts[name] for name in names} == Counter(names)
        told = await system.told(counts.total())
        assert set(created) <= {identity for _, identity in told}
        failed = len(http.problems()) + len(rpc.problems())
        calls = len(http.records + rpc.records)
        note = f"{len(told)} events of as many changes, {failed} of {calls} calls failed"
        record_property("note", f"{system.database_name}, {system.broker_name}: {note}")

    asyncio.run(scenario())


def test_a_document_database_dies_under_load_and_every_answer_holds(
    server: Callable[[Recipe], Server], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Each request creates one of another name: what was answered is there, and nothing is there twice."""
    store = server(mongodb.MONGODB)
    project = made(tmp_path, database="mongodb", broker="none")
    settings = {"DATABASE__URL": mongodb.url(store), **IMPATIENT["mongodb"]}
    answered: list[str] = []

    async def create(session: aiohttp.ClientSession, orders: str) -> None:
        name = str(uuid4())
        await http_client.create(session, orders, name)
        answered.append(name)

    async def scenario(orders: str) -> tuple[Load, Counter[str]]:
        async with aiohttp.ClientSession() as session:
            async with load(partial(create, session, orders), CLIENTS, PAUSE) as http:
                for _ in range(OUTAGES):
                    await asyncio.sleep(OUTAGE_SECONDS)
                    await asyncio.to_thread(store.kill)
                    await asyncio.sleep(OUTAGE_SECONDS)
                    await asyncio.to_thread(store.start)
                await asyncio.sleep(OUTAGE_SECONDS)
                soundly = len(http.records)
                await asyncio.sleep(1)
            assert [each.problem for each in http.records[soundly + CLIENTS :] if each.problem] == []
            return http, await http_client.count_by_name(orders)

    with projects.running(project, settings, tmp_path / "log") as service:
        http, counts = asyncio.run(scenario(f"{service.url}/v1/orders"))
    assert {problem[:20] for problem in http.problems()} - REPEATED["mongodb"] == {"AssertionError('503 "}
    assert len(answered) > 100
    assert set(answered) <= set(counts)
    assert set(counts.values()) == {1}
    failed = f"{len(http.problems())} of {len(http.records)} calls failed"
    note = f"{len(answered)} of {len(counts)} changes answered, {failed}"
    record_property("note", f"{mongodb.STAND_IN}: {note}")


@pytest.mark.parametrize("pair", [each for each in PAIRS if each[1] == "nats"], ids="-".join, indirect=True)
def test_a_relay_that_is_killed_after_it_has_published_tells_nothing_twice(
    project: Project, pair: tuple[str, str], server: Callable[[Recipe], Server], tmp_path: Path
) -> None:
    module = DATABASES[pair[0]]
    recipe: Recipe = getattr(module, pair[0].upper())
    store, broker = server(recipe), server(nats.NATS)
    settings = {"DATABASE__URL": module.url(store), "BROKER__URL": nats.url(broker)}
    moment, created = tmp_path / "moment", list[str]()

    async def until_killed(service: Service) -> None:
        async with aiohttp.ClientSession() as session:
            create = partial(create_and_note, session, f"{service.url}/v1/orders", created)
            async with load(create, CLIENTS, PAUSE):
                await asyncio.sleep(1)
                moment.touch()
                assert await asyncio.to_thread(service.process.wait, 30) == -9

    with projects.running(project, settings, tmp_path / "log"):
        pass
    for _ in range(OUTAGES):
        command = ("-c", KILLER, str(moment))
        with projects.serving(project, settings, tmp_path / "log", command) as service:
            asyncio.run(until_killed(service))
        moment.unlink()
    with projects.running(project, settings, tmp_path / "log") as service:
        system = System(service, store, broker)
        count = asyncio.run(http_client.count_by_name(system.orders)).total()
        told = asyncio.run(system.told(count))
    assert len(created) > 100
    assert set(created) <= {identity for _, identity in told}


@pytest.mark.parametrize("name", BROKERS)
def test_a_slow_broker_slows_no_request_down_and_gets_every_event(
    on_sqlite: Callable[[str], Project], tmp_path: Path, name: str
) -> None:
    """Each answer of the broker takes a while. Requests do not wait for it."""
    delay, seconds = 0.3, 2

    async def scenario(system: System) -> None:
        created: list[str] = []
        assert await system.told(0) == set()
        async with clients(system, created) as (http, rpc):
            await asyncio.sleep(seconds)
        assert http.problems() == rpc.problems() == []
        # if requests waited for the broker, each client would have got half as many answers
        assert len(http.records) > 2 * CLIENTS * seconds / delay
        count = await http_client.count_by_name(system.orders)
        assert set(created) <= {identity for _, identity in await system.told(count.total())}

    project = on_sqlite(name)
    with (
        by_a_slow_link(name, delay) as (broker, url),
        projects.running(project, on_disk(tmp_path, url), tmp_path / "log") as service,
    ):
        asyncio.run(scenario(System(service, broker, broker, broker_name=name)))


def test_events_wait_while_a_stream_of_nats_is_full(
    on_sqlite: Callable[[str], Project], server: Callable[[Recipe], Server], tmp_path: Path
) -> None:
    broker = server(nats.NATS)

    async def scenario(system: System) -> None:
        created: list[str] = []
        async with clients(system, created) as (http, rpc):
            await asyncio.sleep(1)
            await nats_messages.limit_events(nats.url(broker), 1)
            stored = len(await nats_messages.stored_events(nats.url(broker)))
            await asyncio.sleep(3)
            assert len(await nats_messages.stored_events(nats.url(broker))) == stored < len(created)
            await nats_messages.limit_events(nats.url(broker), -1)
        assert http.problems() == rpc.problems() == []
        count = await http_client.count_by_name(system.orders)
        assert set(created) <= {identity for _, identity in await system.told(count.total())}

    settings = on_disk(tmp_path, nats.url(broker))
    with projects.running(on_sqlite("nats"), settings, tmp_path / "log") as service:
        asyncio.run(scenario(System(service, broker, broker)))


def test_events_wait_while_the_disk_of_rabbitmq_is_full(
    on_sqlite: Callable[[str], Project], tmp_path: Path
) -> None:
    """It takes nothing more from those who publish, and answers them nothing."""

    async def scenario(system: System) -> None:
        created: list[str] = []
        async with messages.listening(rabbitmq.url(broker), "orders.events") as events:
            async with clients(system, created) as (http, rpc):
                await asyncio.sleep(1)
                await asyncio.to_thread(rabbitmq.limit_free_disk, broker, "1000000GB")
                await asyncio.sleep(1)
                received = len(events.received)
                await asyncio.sleep(3)
                assert len(events.received) == received < len(created)
                await asyncio.to_thread(rabbitmq.limit_free_disk, broker, "1MB")
            assert http.problems() == rpc.problems() == []
            await events.until("order.created", *created)
            count = (await http_client.count_by_name(system.orders)).total()
            # one that was on its way when the disk was full may arrive again, with the same id
            assert len({body for _, body in events.received}) == count

    with running(rabbitmq.RABBITMQ, container=False) as broker:
        settings = on_disk(tmp_path, rabbitmq.url(broker))
        with projects.running(on_sqlite("rabbitmq"), settings, tmp_path / "log") as service:
            asyncio.run(scenario(System(service, broker, broker)))


def made(folder: Path, **choices: str) -> Project:
    project = projects.new(folder / "orders", {**ANSWERS, **choices})
    environments.prepare(project)
    return project


@contextmanager
def by_a_slow_link(name: str, seconds: float) -> Iterator[tuple[Server, str]]:
    """The broker, and the URL by which each of its answers takes so long."""
    module, _ = BROKERS[name]
    if name == "kafka":
        listener = free_port()
        with (
            slow_link(listener, seconds) as port,
            running(kafka.reached_by(listener, port), container=False) as server,
        ):
            yield server, f"kafka://127.0.0.1:{port}"
        return
    with running(getattr(module, name.upper())) as server, slow_link(server.port, seconds) as port:
        yield server, module.url(server).replace(str(server.port), str(port))


def on_disk(folder: Path, broker_url: str) -> dict[str, str]:
    return {"DATABASE__URL": f"sqlite+aiosqlite:///{folder}/orders.db", "BROKER__URL": broker_url}


@asynccontextmanager
async def clients(system: System, created: list[str]) -> AsyncIterator[tuple[Load, Load]]:
    """Clients that create orders over HTTP and by gRPC, and note which were created."""
    target, pause = system.service.grpc_target, PAUSES.get(system.broker_name, PAUSE)
    create = grpc_client.describe(target, "orders.v1.OrderService").methods_by_name["CreateOrder"]
    request = {"fields": {"name": "rope", "quantity": 7}}
    async with aiohttp.ClientSession() as session, grpc.aio.insecure_channel(target) as channel:

        async def call() -> None:
            answer = await grpc_client.call_async(channel, create, request)
            created.append(answer["order"]["id"])

        async with (
            load(partial(create_and_note, session, system.orders, created), CLIENTS, pause) as http,
            load(call, CLIENTS, pause) as rpc,
        ):
            yield http, rpc


async def create_and_note(session: aiohttp.ClientSession, orders: str, created: list[str]) -> None:
    created.append(await http_client.create(session, orders))
