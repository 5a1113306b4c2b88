"""A service whose database loses connections, and hangs under load: with and without `resilience`."""

import asyncio
import json
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import quantiles

import aiohttp

from ..support.services import http_client, projects
from ..support.services.load import load
from ..support.services.projects import Service
from ..support.systems import postgresql
from ..support.systems.links import Link, link
from ..support.systems.processes import wait_until
from ..support.systems.servers import Recipe, Server

ANSWERS = {
    "service_name": "orders",
    "resources": {"order": {"name": "str", "quantity": "int"}},
    **{"http": True, "grpc": False, "database": "postgresql", "resilience": True, "cache": "none"},
    **{"metrics": "prometheus", "deploy": "none", "ci": "none"},
}
WITHOUT = """
from orders import __main__, bootstrap

bootstrap.guarded = lambda create_storage, settings: create_storage
__main__.main()
"""
"""The service, of which nothing guards the database."""
CLIENTS, PAUSE = 30, 0.05
TIMEOUT_SECONDS, PAUSE_SECONDS = 1, 1
OUTAGE_SECONDS = 6
"""Longer than a caller waits for a connection of the pool."""
SLACK_SECONDS = 1.4
"""What a slow machine may add to a time limit."""
END_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name <> 'psql'"
TIMED_OUT = "the database has not answered in time"


@dataclass
class Caller:
    """Reads one order. Notes how long each answer took, and what it said."""

    session: aiohttp.ClientSession
    order: str
    seconds: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    failed_by_lost_connections: int = 0

    async def read(self) -> None:
        sent = time.monotonic()
        async with self.session.get(self.order) as answer:
            body = json.loads(await answer.read())
        self.seconds.append(time.monotonic() - sent)
        self.answers["ok" if answer.status == 200 else body["detail"]] += 1
        assert answer.status == 200 or answer.headers["Retry-After"] == "1"

    def forget(self) -> None:
        self.seconds.clear()
        self.answers.clear()

    @property
    def p99(self) -> float:
        return quantiles(self.seconds, n=100)[-1]


def test_answers_stay_fast_and_the_service_recovers_alone(
    server: Callable[[Recipe], Server],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Without it, callers wait for as long as the pool of connections lets them."""
    project = projects.new(tmp_path / "orders", ANSWERS)
    project.make("setup")
    database = server(postgresql.POSTGRESQL)
    with link(database.port) as to_database:
        settings = {
            "DATABASE__URL": postgresql.url(database).replace(str(database.port), str(to_database.port)),
            "RESILIENCE__TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "RESILIENCE__PAUSE_SECONDS": str(PAUSE_SECONDS),
        }
        without = ("-c", WITHOUT)
        with (
            projects.running(project, settings, tmp_path / "with") as guarded,
            projects.serving(project, settings, tmp_path / "without", without) as bare,
        ):
            ours, theirs = asyncio.run(outage(guarded, bare, database, to_database))
    for name, caller in (("with", ours), ("without", theirs)):
        record_property(f"p99 {name}", f"{caller.p99:.3f} s of {len(caller.seconds)} answers")
        record_property(f"failed by lost connections {name}", caller.failed_by_lost_connections)
    record_property("longest with", f"{max(ours.seconds):.3f} s")
    assert max(ours.seconds) < TIMEOUT_SECONDS + SLACK_SECONDS
    assert theirs.p99 > 2 * max(ours.seconds)
    # those that were under way have opened it, and what hung later were probes
    probes = OUTAGE_SECONDS / PAUSE_SECONDS
    assert 0 < ours.answers[TIMED_OUT] <= CLIENTS + probes
    assert ours.answers["the database is not available at present"] > ours.answers[TIMED_OUT]


async def outage(guarded: Service, bare: Service, database: Server, to_database: Link) -> list[Caller]:
    """Both are under the same load while connections are lost, while their database hangs, and later."""
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        callers, loads = [], []
        for service in (guarded, bare):
            orders = f"{service.url}/v1/orders"
            order = await http_client.create(session, orders)
            callers.append(Caller(session, f"{orders}/{order}"))
            loads.append(await stack.enter_async_context(load(callers[-1].read, CLIENTS, PAUSE)))
        await asyncio.sleep(1)
        assert all(set(caller.answers) == {"ok"} for caller in callers)
        assert await asyncio.to_thread(metric, guarded, "circuit_breakers_not_closed") == 0
        await asyncio.to_thread(postgresql.execute, database, END_CONNECTIONS)
        await asyncio.sleep(1)
        assert set(callers[0].answers) == {"ok"}  # by retries; those without have none
        for caller in callers:
            caller.failed_by_lost_connections = caller.answers.total() - caller.answers["ok"]
            caller.forget()
        to_database.hang()
        await asyncio.sleep(OUTAGE_SECONDS)
        assert await asyncio.to_thread(metric, guarded, "circuit_breakers_not_closed") == 1
        to_database.go_on()
        await asyncio.to_thread(wait_until, partial(recovered, guarded), "the breaker to close")
        before = callers[0].answers["ok"]
        await asyncio.to_thread(wait_until, lambda: callers[0].answers["ok"] > before + CLIENTS, "answers")
    assert [each.problems() for each in loads] == [[], []]
    return callers


def recovered(service: Service) -> bool:
    return metric(service, "circuit_breakers_not_closed") == 0


def metric(service: Service, name: str) -> float:
    """Of the breaker of the database."""
    with urllib.request.urlopen(f"http://127.0.0.1:{service.ports['metrics']}/metrics", timeout=5) as answer:
        found = re.search(rf'^{name}{{breaker="database"}} (\S+)$', answer.read().decode(), re.MULTILINE)
    assert found
    return float(found[1])
