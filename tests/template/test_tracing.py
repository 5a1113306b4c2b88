"""One request is one trace, through three services and a Collector to a real Zipkin, or in a real Jaeger."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from shipsmith.template import location, presets

from ..support.services import environments, projects
from ..support.services.projects import Project, Service
from ..support.systems import collector, jaeger, nats, postgresql, redis, zipkin
from ..support.systems.packages import UnavailableError
from ..support.systems.processes import wait_until
from ..support.systems.servers import Recipe, Server

pytestmark = pytest.mark.long

TRACE_ID, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACED = {"traceparent": f"00-{TRACE_ID}-{CALLER}-01"}
# for so long after a change, no copy is kept
UNCACHED_SECONDS = 3
NOTHING = presets.load(location.root(), "minimal").answers
CUSTOMERS = NOTHING | {
    "resources": {"customer": {"name": "str"}},
    **{"database": "postgresql", "cache": "redis", "broker": "nats", "metrics": "prometheus"},
    **{"tracing": "zipkin", "grpc": True},
}
SHOP = NOTHING | {"database": "sqlite", "tracing": "zipkin", "clients": {"customers": "grpc"}}
SHOPPING = """\
from fastapi import APIRouter

from .remote import Remote
from .remote.customers.customers.v1 import customers_pb2 as pb


def create_shopping(remote: Remote) -> APIRouter:
    router = APIRouter()

    @router.post("/customers")
    async def create_customer(name: str) -> str:
        request = pb.CreateCustomerRequest(fields=pb.CustomerFields(name=name))
        return (await remote.customers.create_customer(request)).customer.id

    @router.get("/customers/{customer_id}")
    async def get_customer(customer_id: str) -> str:
        answer = await remote.customers.get_customer(pb.GetCustomerRequest(id=customer_id))
        return answer.customer.fields.name

    return router
"""
"""What the people of the shop have written."""
ORDERS = NOTHING | {
    **{"database": "sqlite", "broker": "nats", "tracing": "zipkin"},
    "consumes": {"customers.v1.customer.created": {"name": "str"}},
}

Span = dict[str, Any]


@dataclass(frozen=True)
class System:
    shop: Service
    customers: Service
    orders: Service
    zipkin: Server

    def trace(self) -> list[Span]:
        """What Zipkin has of the trace."""
        try:
            url = f"http://127.0.0.1:{self.zipkin.port}/api/v2/trace/{TRACE_ID}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                spans: list[Span] = json.load(answer)
        except urllib.error.HTTPError:
            return []
        return spans


@pytest.fixture(scope="module")
def system(
    module_server: Callable[[Recipe], Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("traces")
    made = {name: projects.new(folder / name, answers) for name, answers in SERVICES.items()}
    made["shop"] = shop(folder / "shop", made["customers"])
    for project in made.values():
        environments.prepare(project)
    keeper, broker = module_server(zipkin.ZIPKIN), module_server(nats.NATS)
    configuration = (made["customers"].folder / "observability/collector/collector.yaml").read_text()
    configuration = configuration.replace("zipkin:9411", f"127.0.0.1:{keeper.port}")
    brokered = {"BROKER__URL": nats.url(broker)}
    database, cache = module_server(postgresql.POSTGRESQL), module_server(redis.REDIS)
    settings: dict[str, dict[str, str]] = {
        "shop": {"DATABASE__URL": f"sqlite+aiosqlite:///{folder}/shop.db"},
        "customers": {
            "DATABASE__URL": postgresql.url(database),
            "CACHE__URL": f"redis://127.0.0.1:{cache.port}/0",
            **brokered,
        },
        "orders": {"DATABASE__URL": f"sqlite+aiosqlite:///{folder}/orders.db", **brokered},
    }
    with ExitStack() as stack:
        try:
            url = stack.enter_context(collector.running(configuration, folder))
        except UnavailableError as error:
            pytest.skip(str(error))

        def running(name: str, **more: str) -> Service:
            chosen = {"TRACING__URL": url, **more}
            return stack.enter_context(projects.running(made[name], chosen, folder / f"{name}.log"))

        orders = running("orders", **settings["orders"])
        customers = running("customers", **settings["customers"])
        shop_ = running("shop", **settings["shop"], CLIENTS__CUSTOMERS_URL=customers.grpc_target)
        yield System(shop_, customers, orders, keeper)


SERVICES = {
    "customers": CUSTOMERS | {"service_name": "customers"},
    "orders": ORDERS | {"service_name": "orders"},
}


def shop(folder: Path, customers: Project) -> Project:
    """A service that calls another one for its callers."""
    project = projects.new(folder, SHOP | {"service_name": "shop"}, customers.folder / "proto")
    (folder / "src/shop/shopping.py").write_text(SHOPPING)
    routes = folder / "src/shop/routes.py"
    text = routes.read_text().replace("    return [", "    return [create_shopping(application.remote), ")
    routes.write_text(
        text.replace("from .application", "from .shopping import create_shopping\nfrom .application")
    )
    return project


def call(url: str, body: dict[str, Any] | None = None) -> Any:
    headers = TRACED | ({"content-type": "application/json"} if body else {})
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_request_is_one_trace_from_http_over_grpc_to_the_consumer_of_its_event(system: System) -> None:
    customers = f"{system.shop.url}/customers"
    created = call(f"{customers}?name=s3cret", {})
    time.sleep(UNCACHED_SECONDS)
    for _ in range(2):
        assert call(f"{customers}/{created}") == "s3cret"
    wait_until(lambda: _counts(system.trace()) == (3, 3, 1), "the spans of each service")

    spans = system.trace()
    requests = _of(spans, "SERVER", "shop")
    assert {span["parentId"] for span in requests} == {CALLER}
    asked = [_below(span, spans, "CLIENT", "shop") for span in requests]
    assert [span["name"] for span in asked] == [
        "customers.v1.customerservice/createcustomer",
        *2 * ["customers.v1.customerservice/getcustomer"],
    ]
    posted, *gets = (_below(span, spans, "SERVER", "customers") for span in asked)
    sent = _below(posted, spans, "PRODUCER", "customers")
    consumed = _below(posted, spans, "CONSUMER", "orders")
    assert sent["id"] != consumed["id"]
    calls = _of(spans, "CLIENT", "customers")
    assert _systems(calls, posted["id"]) >= {"postgresql"}
    assert _systems(calls, gets[0]["id"]) == {"postgresql", "redis"}
    assert _systems(calls, gets[1]["id"]) == {"redis"}
    ids = {span["id"] for span in spans} | {CALLER}
    assert {span["parentId"] for span in spans} <= ids
    assert "s3cret" not in json.dumps(spans)

    for service in (system.shop, system.customers, system.orders):
        lines = [json.loads(line) for line in service.process.log.read_text().splitlines()]
        assert {line["span_id"] for line in lines if line.get("trace_id") == TRACE_ID} & ids


def test_a_metric_names_a_trace_as_an_example(system: System) -> None:
    call(f"{system.customers.url}/v1/customers")
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.customers.ports['metrics']}/metrics",
        headers={"Accept": "application/openmetrics-text; version=1.0.0"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        buckets = [line for line in answer.read().decode().splitlines() if TRACE_ID in line]
    assert buckets
    assert all("_server_" in line and "_duration_seconds_bucket{" in line for line in buckets)


def test_a_real_jaeger_takes_traces_with_the_configuration_of_the_repository(tmp_path: Path) -> None:
    project = projects.new(tmp_path / "orders", NOTHING | {"database": "sqlite", "tracing": "jaeger"})
    environments.prepare(project)
    settings = {"DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path}/orders.db"}
    with ExitStack() as stack:
        try:
            file = project.folder / "observability/jaeger/jaeger.yaml"
            keeper = stack.enter_context(jaeger.running(file, tmp_path))
        except UnavailableError as error:
            pytest.skip(str(error))
        settings["TRACING__URL"] = keeper.url
        service = stack.enter_context(projects.running(project, settings, tmp_path / "log"))
        call(f"{service.url}/v1/orders", {"name": "s3cret", "quantity": 1})
        wait_until(lambda: len(keeper.trace(TRACE_ID)) > 1, "spans in Jaeger")
        spans = keeper.trace(TRACE_ID)

    assert {span["service"] for span in spans} == {"orders"}
    tags = {span["spanID"]: {tag["key"]: tag["value"] for tag in span["tags"]} for span in spans}
    parents = {span["spanID"]: [each["spanID"] for each in span["references"]] for span in spans}
    [request] = [name for name, tag in tags.items() if tag["span.kind"] == "server"]
    assert parents.pop(request) == [CALLER]
    assert tags[request]["http.route"] == "/v1/orders"
    assert tags[request]["http.response.status_code"] == 201
    statements = [name for name, tag in tags.items() if tag.get("db.system.name") == "sqlite"]
    assert statements
    assert list(parents.values()) == [[request]] * len(parents)
    assert "s3cret" not in json.dumps(spans)


def _of(spans: list[Span], kind: str, service: str) -> list[Span]:
    """In the order of time."""
    found = [span for span in spans if span.get("kind") == kind and _service(span) == service]
    return sorted(found, key=lambda span: int(span["timestamp"]))


def _below(parent: Span, spans: list[Span], kind: str, service: str) -> Span:
    """The span of this kind that this one has caused, of which there is one."""
    [found] = [span for span in _of(spans, kind, service) if span["parentId"] == parent["id"]]
    return found


def _service(span: Span) -> str:
    return str(span["localEndpoint"]["serviceName"])


def _counts(spans: list[Span]) -> tuple[int, ...]:
    """Requests to the shop, those that it sent, and the events that have arrived."""
    ends = (("SERVER", "shop"), ("SERVER", "customers"), ("CONSUMER", "orders"))
    return tuple(len(_of(spans, *each)) for each in ends)


def _systems(calls: list[Span], parent: str) -> set[str]:
    return {span["tags"]["db.system.name"] for span in calls if span["parentId"] == parent}
