"""The unmodified Dockerfile and compose file of `full`, used from outside."""

import asyncio
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support.services import environments, grpc_client, messages, projects
from ..support.services.projects import Project
from ..support.systems.engine import Engine, engine_with
from ..support.systems.packages import UnavailableError
from ..support.systems.processes import free_port, wait_until

PORTS = (
    *("HTTP", "GRPC", "METRICS", "POSTGRESQL", "REDIS", "RATELIMITS"),
    *("RABBITMQ", "RABBITMQ_MANAGEMENT", "PROMETHEUS"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = presets.load(source.root(), "full").answers
    return projects.new(tmp_path_factory.mktemp("image") / "orders", answers)


@pytest.fixture(scope="module")
def engine(project: Project) -> Iterator[Engine]:
    try:
        with engine_with(images(project.folder)) as engine:
            yield engine
    except UnavailableError as error:
        pytest.skip(f"docker: {error}")


@pytest.fixture(scope="module")
def ports(engine: Engine, project: Project) -> Iterator[dict[str, int]]:
    """`docker compose up --wait`, and the ports of this machine that it published."""
    ports = {name: free_port() for name in PORTS}
    environment = {f"{name}_PORT": str(port) for name, port in ports.items()}

    def compose(*arguments: str) -> str:
        return engine.docker("compose", *arguments, directory=project.folder, environment=environment)

    try:
        compose("up", "--build", "--detach", "--wait", "--wait-timeout", "180")
        yield ports
    except RuntimeError as error:
        raise AssertionError(
            f"{error}\n{compose('ps', '--all')}\n{compose('logs', '--no-color', '--tail=30')}"
        ) from error
    finally:
        compose("down", "--volumes", "--timeout", "40")


@pytest.fixture(autouse=True)
def _say_stand_ins(engine: Engine, record_property: Callable[[str, object], None]) -> None:
    if engine.stand_ins:
        record_property("note", "the official images were stand-ins made of Debian's packages")


def test_create_over_http_read_over_grpc_event_consumed(ports: dict[str, int]) -> None:
    """What HTTP creates, gRPC reads, and an event tells of it."""

    async def scenario() -> None:
        async with messages.listening(rabbitmq_url(ports), "orders.events") as events:
            created = await asyncio.to_thread(
                http, ports, "POST", "/v1/orders", {"name": "anchor", "quantity": 3}
            )
            found = await asyncio.to_thread(grpc, ports, "GetOrder", {"id": created["id"]})
            assert found["order"]["fields"] == {"name": "anchor", "quantity": "3"}
            await events.until("order.created", created["id"])

    asyncio.run(scenario())


def test_create_over_grpc_read_over_http_event_consumed(ports: dict[str, int]) -> None:
    """What gRPC creates, HTTP reads, and an event tells of it."""

    async def scenario() -> None:
        async with messages.listening(rabbitmq_url(ports), "orders.events") as events:
            request = {"fields": {"name": "rope", "quantity": 7}}
            created = (await asyncio.to_thread(grpc, ports, "CreateOrder", request))["order"]
            found = await asyncio.to_thread(http, ports, "GET", f"/v1/orders/{created['id']}")
            assert (found["name"], found["quantity"]) == ("rope", 7)
            await events.until("order.created", created["id"])

    asyncio.run(scenario())


def test_prometheus_scrapes_the_service(ports: dict[str, int]) -> None:
    """The Prometheus of the compose file finds the service up."""

    def up() -> bool:
        answer = get(f"http://127.0.0.1:{ports['PROMETHEUS']}/api/v1/query?query=up")
        return [series["value"][1] for series in answer["data"]["result"]] == ["1"]

    wait_until(up, "Prometheus to scrape the service")


def test_a_repository_starts_the_servers_of_its_tests_as_containers(engine: Engine, project: Project) -> None:
    """Where no variable names a server that runs already. All are started alike; here it is Redis."""
    environments.prepare(project)
    environment = {**engine.environment, "STRICT": "1", "TESTCONTAINERS_RYUK_DISABLED": "true"}
    tests = project.python("-m", "pytest", "tests/integration/test_cache.py")
    assert " passed" in projects.run(*tests, directory=project.folder, environment=environment)


def images(folder: Path) -> list[str]:
    """The official images that the Dockerfile and the compose files name, but for those of profiles."""
    built_from = re.findall(r"^FROM (\S+)", (folder / "Dockerfile").read_text(), re.MULTILINE)
    stages = re.findall(r"^FROM \S+ AS (\S+)", (folder / "Dockerfile").read_text(), re.MULTILINE)
    composed = [
        service["image"]
        for file in sorted((folder / "compose").glob("*.yaml"))
        for service in yaml.safe_load(file.read_text())["services"].values()
        if "profiles" not in service
    ]
    return sorted({*built_from, *composed} - {*stages})


def rabbitmq_url(ports: dict[str, int]) -> str:
    return f"amqp://app:dev-only@127.0.0.1:{ports['RABBITMQ']}/"


def http(ports: dict[str, int], method: str, path: str, body: Any = None) -> Any:
    return get(f"http://127.0.0.1:{ports['HTTP']}{path}", method, body)


def get(url: str, method: str = "GET", body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def grpc(ports: dict[str, int], method: str, request: dict[str, Any]) -> dict[str, Any]:
    target = f"127.0.0.1:{ports['GRPC']}"
    service = grpc_client.describe(target, "orders.v1.OrderService")
    return grpc_client.call(target, service.methods_by_name[method], request)
