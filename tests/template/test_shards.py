"""A service with shards, under load, while rows move from one to three, and what moves them is killed."""

import asyncio
import random
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from functools import partial
from math import ceil, sqrt
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from pymongo import MongoClient
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template.questionnaire import Answers

from ..support.services import environments, http_client, projects
from ..support.services.load import load
from ..support.services.projects import Project, Service
from ..support.systems import mariadb, mongodb, mysql, postgresql
from ..support.systems.packages import UnavailableError
from ..support.systems.processes import wait_until
from ..support.systems.servers import Server, running

pytestmark = pytest.mark.long

SHARDS = ("test", "second", "third")
ROWS = 30_000
# MongoDB's stand-in sorts all of them for each page of a list
DOCUMENTS = 6_000
# and takes about a second for 500 that move
KEPT_DOCUMENTS = 2_400
CLIENTS = 6
# the quantity that http_client gives to what it creates
CREATED = 3
# which part of the rows has moved, of two thirds, when what moves them is killed
KILLED_AT = (1 / 15, 4 / 15, 7 / 15)
DATABASES: dict[str, ModuleType] = {
    "postgresql": postgresql,
    "mariadb": mariadb,
    "mysql": mysql,
    "mongodb": mongodb,
}
# two levels of references, by which rows are kept together: 9 rows of each customer, and the customer
FAMILIES: Answers = {
    "resources": {
        "customer": {"name": "str"},
        "cart": {"customer": "ref(customer)"},
        "order": {"name": "str", "quantity": "int", "cart": "ref(cart)"},
    }
}
MODELS: dict[str, Answers] = {"orders": {}, "families": FAMILIES}
CARTS, ORDERS = 2, 3
VARIANTS = [
    *((database, "orders") for database in ("postgresql", "mongodb")),
    *((database, "families") for database in DATABASES),
]
COLUMNS = "id, version, created_at, updated_at, name, quantity"
FROM_NUMBERS = f"""
    INSERT INTO orders ({COLUMNS})
    WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})
    SELECT LOWER(HEX(RANDOM_BYTES(16))), 1, now(6), now(6), 'anchor', 1 FROM numbers
"""
FILL = {
    "postgresql": f"""
        INSERT INTO orders ({COLUMNS})
        SELECT gen_random_uuid(), 1, now(), now(), 'anchor', 1 FROM generate_series(1, {ROWS})
    """,
    "mariadb": f"SET max_recursive_iterations = {ROWS}; {FROM_NUMBERS}",
    "mysql": f"SET cte_max_recursion_depth = {ROWS}; {FROM_NUMBERS}",
}
COMMON = "id, version, created_at, updated_at"
LIKE = {
    "postgresql": "(left(md5({0}.id::text || n), 24) || right({0}.id::text, 8))::uuid",
    "mariadb": "concat(left(lower(hex(random_bytes(16 + n))), 24), right({0}.id, 8))",
}
LIKE["mysql"] = LIKE["mariadb"]
"""An id that ends as that of what it refers to."""


def families(database: str) -> str:
    """Statements that keep customers, carts and orders."""
    count = ROWS // CARTS // ORDERS
    some = FILL[database].replace(str(ROWS), str(count))
    customers = some.replace("INTO orders", "INTO customers").replace(COLUMNS, f"{COMMON}, name")
    cart, order = (LIKE[database].format(kind) for kind in ("customers", "carts"))
    return f"""
        {customers.replace("'anchor', 1", "'anchor'")};
        INSERT INTO carts ({COMMON}, customer)
        SELECT {cart}, 1, now(), now(), customers.id FROM customers, {_numbers(CARTS)};
        INSERT INTO orders ({COLUMNS}, cart)
        SELECT {order}, 1, now(), now(), 'anchor', 1, carts.id FROM carts, {_numbers(ORDERS)};
    """


def _numbers(count: int) -> str:
    return f"({' UNION ALL '.join(f'SELECT {number} AS n' for number in range(count))}) numbers"


MOMENT = "2026-01-01T00:00:00.000000+00:00"
Document = dict[str, Any]
DOCUMENT: Document = {
    "version": 1,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "name": "anchor",
    "quantity": 1,
}


@dataclass
class System:
    """Two instances of a service, and what they should keep: the quantity of each order by its id."""

    project: Project
    settings: dict[str, str]
    database: ModuleType
    server: Server
    instances: list[Service]
    kept: dict[str, int] = field(default_factory=dict)
    carts: dict[str, str] = field(default_factory=dict)
    """Of the orders, in a model with families."""

    def rows(self, shard: str, table: str = "orders") -> set[str]:
        if self.database is mongodb:
            with documents(self.server, shard) as client:
                return {str(each["_id"]) for each in client[shard][table].find({}, ["_id"])}
        found = self.database.execute(self.server, f"SELECT id FROM {table}", shard)
        return {str(UUID(each)) for each in found.split()}

    def orphans(self, shard: str) -> list[str]:
        """Orders whose cart is elsewhere."""
        if self.database is mongodb:
            carts = self.rows(shard, "carts")
            return [order for order, cart in self.carts_of_rows(shard).items() if cart not in carts]
        orphan = "SELECT orders.id FROM orders LEFT JOIN carts ON carts.id = cart WHERE carts.id IS NULL"
        found: str = self.database.execute(self.server, orphan, shard)
        return found.split()

    def carts_of_rows(self, shard: str = SHARDS[0]) -> dict[str, str]:
        if self.database is mongodb:
            with documents(self.server, shard) as client:
                found = client[shard]["orders"].find({}, ["cart"])
                return {str(each["_id"]): str(each["cart"]) for each in found}
        pairs = self.database.execute(self.server, "SELECT concat(id, ',', cart) FROM orders", shard)
        split = (each.split(",") for each in pairs.split())
        return {str(UUID(order)): str(UUID(cart)) for order, cart in split}

    def fill(self, name: str, model: str) -> None:
        if self.database is not mongodb:
            self.database.execute(self.server, families(name) if MODELS[model] else FILL[name])
            return
        with documents(self.server, SHARDS[0]) as client:
            for resource, found in (family_documents() if MODELS[model] else order_documents()).items():
                client[SHARDS[0]][resource].insert_many(found)

    def resharding(self) -> subprocess.Popen[bytes]:
        package = self.project.package
        variables = {f"{package.upper()}_{name}": value for name, value in self.settings.items()}
        command = self.project.python("-m", package, "reshard")
        environment = projects.clean_environment() | variables
        return subprocess.Popen(command, cwd=self.project.folder, env=environment)

    def orders(self, resource: str = "orders") -> str:
        """Of one of the instances."""
        return f"{random.choice(self.instances).url}/v1/{resource}"


def order_documents() -> dict[str, list[Document]]:
    return {"orders": [{"_id": uuid4(), **DOCUMENT} for _ in range(DOCUMENTS)]}


def family_documents() -> dict[str, list[Document]]:
    """Customers, carts and orders."""
    common = {key: value for key, value in DOCUMENT.items() if key not in ("name", "quantity")}
    count = KEPT_DOCUMENTS // CARTS // ORDERS
    customers = [{"_id": uuid4(), **common, "name": "anchor"} for _ in range(count)]
    carts = [
        {"_id": like(each), **common, "customer": each["_id"]} for each in customers for _ in range(CARTS)
    ]
    orders = [{"_id": like(each), **DOCUMENT, "cart": each["_id"]} for each in carts for _ in range(ORDERS)]
    return {"customers": customers, "carts": carts, "orders": orders}


def like(other: Document) -> UUID:
    """An id that ends as that of what it refers to."""
    return UUID(bytes=uuid4().bytes[:12] + other["_id"].bytes[12:])


def documents(server: Server, shard: str) -> MongoClient[Document]:
    return MongoClient(mongodb.url(server, shard), uuidRepresentation="standard")


@pytest.fixture(params=VARIANTS, ids="-".join)
def system(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[System]:
    name, model = request.param
    database = DATABASES[name]
    smallest = presets.load(source.root(), "minimal").answers
    answers = smallest | {"database": name, "shards": True} | MODELS[model]
    project = projects.new(tmp_path / "orders", answers)
    environments.prepare(project)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(getattr(database, name.upper()), container=False))
        except UnavailableError as error:
            pytest.skip(str(error))
        if database is not mongodb:  # which has a database once it is used
            for shard in SHARDS[1:]:
                database.execute(server, f"CREATE DATABASE {shard}")
        others = (f"{shard}={database.url(server, shard)}" for shard in SHARDS[1:])
        settings = {"DATABASE__URL": database.url(server), "SHARDS__URL": " ".join(others)}
        first = stack.enter_context(projects.running(project, settings, tmp_path / "log"))
        command = ("-m", project.package)
        second = stack.enter_context(projects.serving(project, settings, tmp_path / "other.log", command))
        system = System(project, settings, database, server, [first, second])
        system.fill(name, model)
        system.kept = dict.fromkeys(system.rows("test"), 1)
        system.carts = system.carts_of_rows() if MODELS[model] else {}
        yield system


def test_nothing_is_lost_or_doubled_when_resharding_is_killed_three_times(system: System) -> None:
    """Reads are right throughout, and no request fails."""

    async def scenario() -> None:
        # orders of one cart are those of one client
        ids = sorted(system.kept, key=lambda order: system.carts.get(order, order))
        each = ceil(len(ids) / CLIENTS / ORDERS) * ORDERS
        async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
            walks = await stack.enter_async_context(load(partial(look_through, session, system), 1))
            clients = [
                await stack.enter_async_context(
                    load(partial(use, session, system, ids[number * each : (number + 1) * each]), 1)
                )
                for number in range(CLIENTS)
            ]
            for part in KILLED_AT:
                await asyncio.to_thread(kill_when_moved, system, int(part * len(ids)))
            last = system.resharding()
            assert await asyncio.to_thread(last.wait, 300) == 0
            seen = len(walks.records)
            await asyncio.to_thread(
                wait_until, lambda: len(walks.records) > seen + 1, "a list after that", 60
            )
        assert [problem for each in (walks, *clients) for problem in each.problems()] == []
        assert min(len(each.records) for each in clients) > 10

    asyncio.run(scenario())
    found = [system.rows(shard) for shard in SHARDS]
    assert sum(map(len, found)) == len(system.kept)
    assert set().union(*found) == system.kept.keys()
    together = CARTS * ORDERS if system.carts else 1
    deviation = together * sqrt(len(system.kept) / together * 2 / 9)
    assert all(abs(len(each) - len(system.kept) / 3) < 5 * deviation for each in found)
    if system.carts:
        expect_families(system)


def expect_families(system: System) -> None:
    """Each cart is there once, with its customer and its orders."""
    assert [system.orphans(shard) for shard in SHARDS] == [[]] * 3
    carts = [system.rows(shard, "carts") for shard in SHARDS]
    customers = [system.rows(shard, "customers") for shard in SHARDS]
    assert sum(map(len, carts)) == len(set().union(*carts))
    assert sum(map(len, customers)) == len(set().union(*customers))
    assert set(system.carts.values()) <= set().union(*carts)
    ends = [{each[-8:] for each in found} for found in customers]
    for number, found in enumerate(carts):
        assert {each[-8:] for each in found} <= ends[number]


def kill_when_moved(system: System, rows: int) -> None:
    """In the middle: the rest has not moved yet."""
    process = system.resharding()

    def moved() -> bool:
        return sum(len(system.rows(shard)) for shard in SHARDS[1:]) >= rows

    try:
        wait_until(moved, f"{rows} rows that have moved", 120)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


async def use(session: aiohttp.ClientSession, system: System, own: list[str]) -> None:
    """Read one of the client's own orders, change or replace it, and read it again."""
    number = random.randrange(len(own))
    order = own[number]
    await expect(session, system, order)
    url = f"{system.orders()}/{order}"
    if random.random() < 0.5:
        async with session.patch(url, json={"quantity": system.kept[order] + 1}) as response:
            assert response.status == 200, f"{response.status} {await response.text()}"
        system.kept[order] += 1
        await expect(session, system, order)
    else:
        del system.kept[order]
        async with session.delete(url) as response:
            assert response.status == 204, f"{response.status} {await response.text()}"
        async with session.get(f"{system.orders()}/{order}") as response:
            assert response.status == 404, f"{response.status} {await response.text()}"
        own[number] = await create(session, system, order)
        system.kept[own[number]] = CREATED
        await expect(session, system, own[number])


async def create(session: aiohttp.ClientSession, system: System, instead_of: str) -> str:
    """Another order, in the same cart, or in a new one of the same customer or of a new one."""
    if not system.carts:
        return await http_client.create(session, system.orders())
    cart = system.carts.pop(instead_of)
    if random.random() < 0.5:
        customer = (await got(session, f"{system.orders('carts')}/{cart}"))["customer"]
        if random.random() < 0.5:
            customer = await posted(session, system.orders("customers"), {"name": "new"})
        cart = await posted(session, system.orders("carts"), {"customer": customer})
    fields = {"name": "anchor", "quantity": CREATED, "cart": cart}
    created = await posted(session, system.orders(), fields)
    system.carts[created] = cart
    return created


async def posted(session: aiohttp.ClientSession, url: str, fields: dict[str, Any]) -> str:
    async with session.post(url, json=fields) as response:
        assert response.status == 201, f"{response.status} {await response.text()}"
        return str((await response.json())["id"])


async def got(session: aiohttp.ClientSession, url: str, **query: str) -> dict[str, Any]:
    async with session.get(url, params=query) as response:
        assert response.status == 200, f"{response.status} {await response.text()}"
        answer: dict[str, Any] = await response.json()
        return answer


async def expect(session: aiohttp.ClientSession, system: System, order: str) -> None:
    assert (await got(session, f"{system.orders()}/{order}"))["quantity"] == system.kept[order]
    if cart := system.carts.get(order):
        customer = (await got(session, f"{system.orders('carts')}/{cart}"))["customer"]
        await got(session, f"{system.orders('customers')}/{customer}")
        async with session.delete(f"{system.orders('carts')}/{cart}") as response:
            assert response.status == 409, f"{response.status} {await response.text()}"
        found = (await got(session, system.orders(), cart=cart))["items"]
        expected = [order for order, other in system.carts.items() if other == cart]
        assert [each["id"] for each in found] == sorted(expected)


async def look_through(session: aiohttp.ClientSession, system: System) -> None:
    """All pages have each order once: at least those that were there all the time."""
    before = set(system.kept)
    found: list[str] = []
    query = {"limit": "200"}
    while True:
        page = await got(session, system.orders(), **query)
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == sorted(set(found))
    assert before & system.kept.keys() <= set(found)
