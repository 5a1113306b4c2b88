"""Callers of a service that reads from the members of a MongoDB replica set, over HTTP and by gRPC.

The replica set is a stand-in: tests/support/systems/mongodb_member.py says what it does not show.
"""

import asyncio
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
import pytest
from pymongo import MongoClient
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support.services import environments, grpc_client, http_client, projects
from ..support.services.load import Load, load
from ..support.services.projects import Project, Service
from ..support.systems import mongodb
from ..support.systems.processes import wait_until
from ..support.systems.servers import Server, running

pytestmark = pytest.mark.long

TOKEN = "x-read-after"
READS = 200
READS_AFTER_WRITES = 10_000
CALLERS = 5
OUTAGE_SECONDS = 5
SETTINGS = {"REPLICAS__MAX_LAG_SECONDS": "60", "DATABASE__POOL_TIMEOUT_SECONDS": "2"}
# a commit without an answer is repeated: the stand-in's new primary does not know the old one's transactions
KNOWN = {
    "AssertionError('503 ",
    "AssertionError('409 ",
    "StatusCode.UNAVAILABLE",
    "StatusCode.ALREADY_EXISTS",
}
LAG = re.compile(r"^database_replica_lag_seconds (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class System:
    service: Service
    primary: Server
    replica: Server

    @property
    def orders(self) -> str:
        return f"{self.service.url}/v1/orders"

    def lag(self) -> float:
        """The metric."""
        url = f"http://127.0.0.1:{self.service.ports['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            [lag] = LAG.findall(answer.read().decode())
        return float(lag)


@dataclass(frozen=True)
class Caller:
    """Changes and reads orders, either over HTTP or by gRPC."""

    create: Callable[[], Any]
    change: Callable[[str, int], Any]
    """Returns the token."""
    read: Callable[[str, str | None], Any]
    """Returns the quantity."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = presets.load(source.root(), "minimal").answers
    answers |= {"database": "mongodb", "replicas": True, "grpc": True, "metrics": "prometheus"}
    project = projects.new(tmp_path_factory.mktemp("mongodb") / "orders", answers)
    environments.prepare(project)
    return project


@contextmanager
def serving(project: Project, log: Path, **settings: str) -> Iterator[System]:
    """Both URLs name both members, whose roles can change."""
    with ExitStack() as stack:
        primary = stack.enter_context(running(mongodb.WITH_COPIES, container=False))
        replica = stack.enter_context(running(mongodb.replica_of(primary.port), container=False))
        both = mongodb.url_of_all(primary, replica)
        given = {"DATABASE__URL": both, "REPLICAS__URL": both} | SETTINGS | settings
        system = System(stack.enter_context(projects.running(project, given, log)), primary, replica)
        wait_until(lambda: system.lag() < 60, "the replica")
        yield system


def test_reads_land_on_the_replica_and_changes_on_the_primary(project: Project, tmp_path: Path) -> None:
    """As the members have counted their commands."""

    async def scenario() -> None:
        async with callers(system) as both:
            for caller in both:
                order = await caller.create()
                await caller.read(order, await caller.change(order, 4))
                before = counted(system.primary), counted(system.replica)
                for _ in range(READS):
                    await caller.read(order, None)
                for quantity in range(READS):
                    await caller.change(order, quantity)
                after = counted(system.primary), counted(system.replica)
                primary, replica = (after[n] - before[n] for n in range(2))
                assert primary["update"] == READS
                # a read that takes seconds, on a machine that stands still, is answered by the primary
                assert 0.9 * READS < replica["query"] <= READS
                assert not replica["update"] + replica["insert"] + replica["delete"]

    with serving(project, tmp_path / "log") as system:
        asyncio.run(scenario())


def test_each_of_10000_reads_after_a_change_sees_it(project: Project, tmp_path: Path) -> None:
    """With the token of the change, while the replica is behind now and then."""
    without: list[int] = []

    async def use(caller: Caller, times: int) -> None:
        order = await caller.create()
        for quantity in range(times):
            token = await caller.change(order, quantity)
            if await caller.read(order, None) != quantity:
                without.append(quantity)
            assert await caller.read(order, token) == quantity

    async def scenario() -> None:
        async with callers(system) as both, lagging(system.replica), asyncio.TaskGroup() as group:
            for caller in both:
                for _ in range(CALLERS):
                    group.create_task(use(caller, READS_AFTER_WRITES // (2 * CALLERS)))

    with serving(project, tmp_path / "log") as system:
        asyncio.run(scenario())
        assert without
        assert counted(system.replica)["query"] > READS_AFTER_WRITES / 10


def test_a_replica_beyond_the_bound_is_not_read_and_its_lag_is_a_metric(
    project: Project, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with callers(system) as both:
            orders = [await caller.create() for caller in both]
            await asyncio.to_thread(pause, system.replica, "alwaysOn")
            tokens = [await caller.change(order, 7) for caller, order in zip(both, orders, strict=True)]
            assert all(tokens)
            await asyncio.to_thread(wait_until, lambda: system.lag() > 1.5, "a lag")
            before = counted(system.replica)["query"]
            for caller, order in zip(both, orders, strict=True):
                assert [await caller.read(order, None) for _ in range(20)] == [7] * 20
            assert counted(system.replica)["query"] == before
            await asyncio.to_thread(pause, system.replica, "off")
            for caller, order in zip(both, orders, strict=True):
                async with asyncio.timeout(60):
                    while counted(system.replica)["query"] == before:
                        assert await caller.read(order, None) == 7
                before = counted(system.replica)["query"]

    with serving(project, tmp_path / "log", REPLICAS__MAX_LAG_SECONDS="1.5") as system:
        asyncio.run(scenario())


def test_no_request_fails_while_the_replica_is_dead(project: Project, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with callers(system) as both:
            order = await both[0].create()

            async def use() -> None:
                for caller in both:
                    await caller.create()
                    await caller.read(order, None)

            async with load(use, CALLERS, 0.01) as requests:
                for change in (system.replica.kill, system.replica.start, lambda: None):
                    before = len(requests.records)
                    enough = partial(_more_than, requests, before + 100)
                    await asyncio.to_thread(wait_until, enough, "requests")
                    await asyncio.to_thread(change)
                await asyncio.to_thread(wait_until, lambda: counted(system.replica)["query"] > 0, "reads")
            assert requests.problems() == []

    with serving(project, tmp_path / "log") as system:
        asyncio.run(scenario())


def test_nothing_that_was_answered_is_lost_with_the_primary(
    project: Project, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The service finds the new one by itself; until then, reads go on."""
    created: list[str] = []

    async def scenario() -> None:
        async with callers(system) as both:
            known = await both[0].create()

            async def read() -> None:
                for caller in both:
                    await caller.read(known, None)

            def writing(caller: Caller) -> Callable[[], Any]:
                async def create() -> None:
                    created.append(await caller.create())

                return create

            async with (
                load(read, CALLERS, 0.01) as reads,
                load(writing(both[0]), CALLERS, 0.01) as http,
                load(writing(both[1]), CALLERS, 0.01) as rpc,
            ):
                await asyncio.to_thread(wait_until, lambda: len(created) > 100, "changes")
                await asyncio.to_thread(system.primary.kill)
                await asyncio.sleep(OUTAGE_SECONDS)
                await asyncio.to_thread(mongodb.promote, system.replica)
                before = len(created)
                await asyncio.to_thread(wait_until, lambda: len(created) > before + 100, "changes again")
                recovered = time.monotonic()
                await asyncio.sleep(1)
            records = [*http.records, *rpc.records]
            problems = [record.problem for record in records if record.problem]
            assert problems
            assert [each for each in problems if not any(code in each for code in KNOWN)] == []
            assert not any(record.problem for record in records if record.sent > recovered)
            note = f"{len(created)} changes succeeded, {len(problems)} failed, {len(reads.records)} reads"
            record_property("note", f"{mongodb.REPLICA_STAND_IN}: {note}")
            assert reads.problems() == []
            for order in created:
                assert await both[0].read(order, None) == 3

    with serving(project, tmp_path / "log") as system:
        asyncio.run(scenario())


@asynccontextmanager
async def callers(system: System) -> AsyncIterator[tuple[Caller, Caller]]:
    """One over HTTP, and one by gRPC."""
    target = system.service.grpc_target
    methods = grpc_client.describe(target, "orders.v1.OrderService").methods_by_name
    async with aiohttp.ClientSession() as session, grpc.aio.insecure_channel(target) as channel:

        async def change(order: str, quantity: int) -> str:
            async with session.patch(f"{system.orders}/{order}", json={"quantity": quantity}) as response:
                assert response.status == 200, f"{response.status} {await response.text()}"
                return response.headers[TOKEN]

        async def read(order: str, token: str | None) -> int:
            headers = {TOKEN: token} if token else {}
            async with session.get(f"{system.orders}/{order}", headers=headers) as response:
                assert response.status == 200, f"{response.status} {await response.text()}"
                return int((await response.json())["quantity"])

        async def call(
            method: str, request: dict[str, Any], token: str | None = None
        ) -> tuple[dict[str, Any], dict[str, str]]:
            metadata = {TOKEN: token} if token else {}
            answer, back = await grpc_client.call_with_metadata(channel, methods[method], request, metadata)
            return answer["order"], back

        async def create_by_rpc() -> str:
            order, _ = await call("CreateOrder", {"fields": {"name": "rope", "quantity": 3}})
            return str(order["id"])

        async def change_by_rpc(order: str, quantity: int) -> str:
            fields = {"quantity": quantity}
            _, back = await call("UpdateOrder", {"id": order, "fields": fields, "update_mask": "quantity"})
            return back[TOKEN]

        async def read_by_rpc(order: str, token: str | None) -> int:
            found, _ = await call("GetOrder", {"id": order}, token)
            return int(found["fields"].get("quantity", 0))

        yield (
            Caller(lambda: http_client.create(session, system.orders), change, read),
            Caller(create_by_rpc, change_by_rpc, read_by_rpc),
        )


@asynccontextmanager
async def lagging(replica: Server) -> AsyncIterator[None]:
    """The replica applies what it receives up to 20 milliseconds later."""

    async def toggle() -> None:
        with MongoClient[dict[str, Any]](mongodb.url(replica)) as client:
            for number in range(2**63):
                mode = ("alwaysOn", "off")[number % 2]
                client.admin.command("configureFailPoint", "rsSyncApplyStop", mode=mode)
                await asyncio.sleep(0.02 if mode == "alwaysOn" else 0.005)

    task = asyncio.create_task(toggle())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await asyncio.to_thread(pause, replica, "off")


def _more_than(requests: Load, count: int) -> bool:
    return len(requests.records) > count


def pause(replica: Server, mode: str) -> None:
    with MongoClient[dict[str, Any]](mongodb.url(replica)) as client:
        client.admin.command("configureFailPoint", "rsSyncApplyStop", mode=mode)


def counted(server: Server) -> "Counts":
    with MongoClient[dict[str, Any]](mongodb.url(server)) as client:
        return Counts(client.admin.command("serverStatus")["opcounters"])


class Counts(dict[str, int]):
    def __sub__(self, other: "Counts") -> "Counts":
        return Counts({name: count - other[name] for name, count in self.items()})
