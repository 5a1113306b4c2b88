"""One request is one trace, through two services, which a real Collector hands on to a real Zipkin."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from shipsmith.template import location, presets

from ..support.services import environments, projects
from ..support.services.projects import Service
from ..support.systems import collector, nats, postgresql, redis, zipkin
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
    "tracing": "zipkin",
}
ORDERS = NOTHING | {
    **{"database": "sqlite", "broker": "nats", "tracing": "zipkin"},
    "consumes": {"customers.v1.customer.created": {"name": "str"}},
}

Span = dict[str, Any]


@dataclass(frozen=True)
class System:
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
    for project in made.values():
        environments.prepare(project)
    keeper, broker = module_server(zipkin.ZIPKIN), module_server(nats.NATS)
    configuration = (made["customers"].folder / "observability/collector/collector.yaml").read_text()
    configuration = configuration.replace("zipkin:9411", f"127.0.0.1:{keeper.port}")
    shared = {"BROKER__URL": nats.url(broker)}
    database, cache = module_server(postgresql.POSTGRESQL), module_server(redis.REDIS)
    settings = {
        "customers": {
            "DATABASE__URL": postgresql.url(database),
            "CACHE__URL": f"redis://127.0.0.1:{cache.port}/0",
        },
        "orders": {"DATABASE__URL": f"sqlite+aiosqlite:///{folder}/orders.db"},
    }
    with ExitStack() as stack:
        try:
            url = stack.enter_context(collector.running(configuration, folder))
        except UnavailableError as error:
            pytest.skip(str(error))
        shared["TRACING__URL"] = url
        running = {
            name: stack.enter_context(
                projects.running(made[name], shared | settings[name], folder / f"{name}.log")
            )
            for name in ("orders", "customers")
        }
        yield System(running["customers"], running["orders"], keeper)


SERVICES = {
    "customers": CUSTOMERS | {"service_name": "customers"},
    "orders": ORDERS | {"service_name": "orders"},
}


def call(url: str, body: dict[str, str] | None = None) -> Any:
    headers = TRACED | ({"content-type": "application/json"} if body else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_request_is_one_trace_from_http_to_the_consumer_of_its_event(system: System) -> None:
    customers = f"{system.customers.url}/v1/customers"
    created = call(customers, {"name": "s3cret"})
    time.sleep(UNCACHED_SECONDS)
    for _ in range(2):
        assert call(f"{customers}/{created['id']}")["name"] == "s3cret"
    wait_until(lambda: _kinds(system.trace()) >= {"SERVER", "CONSUMER"}, "the spans of both services")

    spans = system.trace()
    posted, *gets = sorted(_of(spans, "SERVER"), key=lambda span: int(span["timestamp"]))
    assert {span["parentId"] for span in (posted, *gets)} == {CALLER}
    assert posted["name"] == "post /v1/customers"
    (consumed,) = _of(spans, "CONSUMER")
    assert (consumed["localEndpoint"]["serviceName"], consumed["parentId"]) == ("orders", posted["id"])
    (sent,) = _of(spans, "PRODUCER")
    assert (sent["localEndpoint"]["serviceName"], sent["parentId"]) == ("customers", posted["id"])
    calls = _of(spans, "CLIENT")
    assert _systems(calls, posted["id"]) >= {"postgresql"}
    assert _systems(calls, gets[0]["id"]) == {"postgresql", "redis"}
    assert _systems(calls, gets[1]["id"]) == {"redis"}
    ids = {span["id"] for span in spans} | {CALLER}
    assert {span["parentId"] for span in spans} <= ids
    assert "s3cret" not in json.dumps(spans)

    for service in (system.customers, system.orders):
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
    assert all(line.startswith("http_server_request_duration_seconds_bucket") for line in buckets)


def _of(spans: list[Span], kind: str) -> list[Span]:
    return [span for span in spans if span.get("kind") == kind]


def _kinds(spans: list[Span]) -> set[str]:
    return {span["kind"] for span in spans if "kind" in span}


def _systems(calls: list[Span], parent: str) -> set[str]:
    return {span["tags"]["db.system.name"] for span in calls if span["parentId"] == parent}
