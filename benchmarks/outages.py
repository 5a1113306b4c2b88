"""What callers notice of outages, migrations and ends of the service of `full`.

Run it with `python -m benchmarks.outages`. It takes about three minutes. Each part starts the service with
its default settings and real PostgreSQL, Redis and RabbitMQ, and prints what it has measured.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
from shipsmith.template import location, presets

from tests.support.services import projects
from tests.support.services.http_client import create
from tests.support.services.projects import Project, Service
from tests.support.systems import postgresql, rabbitmq, redis
from tests.support.systems.servers import ProcessServer

CLIENTS, MANY_CLIENTS = 8, 40
SECONDS = 3
MIGRATION_SECONDS = 30
LONG_MIGRATION = f'''"""Takes long, and then changes the table of orders."""

import sqlalchemy as sa
from alembic import op

revision = "long"
down_revision = "{{head}}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT pg_sleep({MIGRATION_SECONDS})")
    op.add_column("orders", sa.Column("added", sa.Integer()))
'''
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'test' AND pid <> pg_backend_pid()"
SQL = """
import asyncio, asyncpg, sys

async def main():
    connection = await asyncpg.connect(sys.argv[1].replace("+asyncpg", ""))
    print(await connection.fetchval(sys.argv[2]))

asyncio.run(main())
"""


@dataclass(frozen=True)
class System:
    """A repository, the servers that it needs, and the settings with their addresses."""

    project: Project
    database: ProcessServer
    settings: Mapping[str, str]
    log: Path

    @contextmanager
    def service(self) -> Iterator[Service]:
        with projects.running(self.project, self.settings, self.log) as service:
            yield service

    def sql(self, statement: str) -> str:
        command = self.project.python("-c", SQL, self.settings["DATABASE__URL"], statement)
        return projects.run(*command, directory=self.project.folder).strip()


@contextmanager
def system(folder: Path) -> Iterator[System]:
    answers = presets.load(location.root(), "full").answers | {"rate_limit": "none"}
    project = projects.new(folder / "orders", answers)
    project.make("setup")
    with contextlib.ExitStack() as stack:
        servers = {}
        for recipe in (postgresql.POSTGRESQL, redis.REDIS, rabbitmq.RABBITMQ):
            servers[recipe.name] = server = ProcessServer(recipe)
            stack.callback(server.stop)
            server.start()
        settings = {
            "DATABASE__URL": postgresql.url(servers["postgresql"]),
            "CACHE__URL": redis.url(servers["redis"]),
            "BROKER__URL": rabbitmq.url(servers["rabbitmq"]),
        }
        yield System(project, servers["postgresql"], settings, folder / "log")


@asynccontextmanager
async def counted(send: Callable[[], Awaitable[object]], clients: int) -> AsyncIterator[Counter[object]]:
    """What clients that ask again and again get: a status, or the name of an error, by number."""
    counts: Counter[object] = Counter()

    async def ask() -> None:
        while True:
            try:
                counts[await send()] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                counts[type(error).__name__] += 1
            await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(ask()) for _ in range(clients)]
    try:
        yield counts
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def traffic(service: Service, clients: int = CLIENTS) -> AsyncIterator[dict[str, Counter[object]]]:
    """Reads, lists and writes."""
    orders = f"{service.url}/v1/orders"
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        path = f"{orders}/{await create(session, orders)}"

        def asking(method: str, url: str, **arguments: object) -> Callable[[], Awaitable[object]]:
            async def ask() -> object:
                # the types of all arguments are those of aiohttp, which this hands on
                async with session.request(method, url, **arguments) as response:  # type: ignore[arg-type]
                    await response.read()
                    return response.status

            return ask

        body = {"name": "anchor", "quantity": 3}
        async with (
            counted(asking("GET", path), clients) as reads,
            counted(asking("GET", orders), clients) as lists,
            counted(asking("POST", orders, json=body), clients) as writes,
        ):
            yield {"read": reads, "list": lists, "write": writes}


def report(title: str, counts: Mapping[str, Counter[object]]) -> None:
    print(title)
    for name, each in counts.items():
        print(f"    {name:<6}", ", ".join(f"{outcome}: {number:,}" for outcome, number in each.most_common()))


def seconds_to_end(service: Service) -> str:
    signalled = time.monotonic()
    service.process.terminate()
    status = service.process.wait(120)
    return f"{time.monotonic() - signalled:.1f} s, status {status}"


async def end_with_open_watch(system: System) -> None:
    with system.service() as service:
        async with grpc.aio.insecure_channel(service.grpc_target) as channel:
            watch: Any = channel.unary_stream("/grpc.health.v1.Health/Watch")
            watching = watch(b"")
            await watching.read()
            print("SIGTERM with an open Watch:", await asyncio.to_thread(seconds_to_end, service))


async def end_with_hung_database(system: System) -> None:
    with system.service() as service:
        async with traffic(service) as counts:
            await asyncio.sleep(1)
            with hung(system.database):
                await asyncio.sleep(1)
                print("SIGTERM with a hung database:", await asyncio.to_thread(seconds_to_end, service))
        report("    its callers got", counts)


@contextmanager
def hung(server: ProcessServer) -> Iterator[None]:
    """The server and its processes stop, and their connections stay open."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    processes = [server.pid, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


async def database_restarts(system: System) -> None:
    with system.service() as service:
        async with traffic(service) as counts:
            await asyncio.sleep(SECONDS)
            system.database.kill()
            await asyncio.sleep(SECONDS)
            await asyncio.to_thread(system.database.start)
            await asyncio.sleep(SECONDS)
    report(f"the database is killed, and back after {SECONDS} s", counts)


async def connections_under_writes(system: System) -> None:
    with system.service() as service:
        async with traffic(service, MANY_CLIENTS):
            counts = [int(await asyncio.to_thread(system.sql, CONNECTIONS)) for _ in range(10)]
    print(f"connections of one process under {3 * MANY_CLIENTS} clients:", max(counts))


async def long_migration(system: System) -> None:
    head = system.sql("SELECT version_num FROM alembic_version WHERE version_num LIKE 'tables%'")
    versions = system.project.folder / "src" / system.project.package / "migrations/versions"
    with system.service() as service:
        migration = versions / "long.py"
        migration.write_text(LONG_MIGRATION.format(head=head))
        async with traffic(service) as counts:
            started = time.monotonic()
            environment = {f"ORDERS_{name}": value for name, value in system.settings.items()}
            command = system.project.python("-m", "orders", "migrate")
            await asyncio.to_thread(
                projects.run, *command, directory=system.project.folder, environment=environment
            )
            seconds = time.monotonic() - started
        migration.unlink()
    report(f"a migration of {seconds:.0f} s", counts)


async def older_version(system: System) -> None:
    """Without the migration of `long_migration`, it is migrated and started all the same."""
    with system.service() as service:
        async with aiohttp.request("GET", f"{service.url}/readyz") as answer:
            print("an older version on a newer schema: migrated, /readyz", answer.status)


async def large_bodies(system: System) -> None:
    with system.service() as service:
        for size in (6, 60):
            body = b"[" + b"[]," * (size * 2**20 // 3) + b"[]]"
            async with aiohttp.ClientSession() as session, counted(probe(session, service), 1) as probes:
                before = peak_mib(service)
                try:
                    async with session.post(f"{service.url}/v1/orders", data=body) as answer:
                        outcome: object = answer.status
                except aiohttp.ClientError as error:
                    outcome = type(error).__name__
                await asyncio.sleep(1)
            print(f"a body of {size} MB: {outcome}, {before:.0f} -> {peak_mib(service):.0f} MiB at most")
            report("    /healthz meanwhile", {"probe": probes})


def probe(session: aiohttp.ClientSession, service: Service) -> Callable[[], Awaitable[object]]:
    async def ask() -> object:
        started = time.monotonic()
        async with session.get(f"{service.url}/healthz") as answer:
            await answer.read()
        slow = time.monotonic() - started > 1
        return f"{answer.status}{' after more than 1 s' if slow else ''}"

    return ask


def peak_mib(service: Service) -> float:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


PARTS = (
    end_with_open_watch,
    end_with_hung_database,
    database_restarts,
    connections_under_writes,
    long_migration,
    older_version,
    large_bodies,
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL's user finds its data in it
        Path(folder).chmod(0o711)
        with system(Path(folder)) as running:
            for part in PARTS:
                asyncio.run(part(running))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
