"""Alerts tell what they should, and ask for what the service really measures."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from shipsmith.template import location, presets

from ..support.services import environments, grpc_client, projects
from ..support.services.projects import Project, Service
from ..support.systems import nats, prometheus, redis
from ..support.systems.packages import UnavailableError, require
from ..support.systems.processes import free_port, wait_until
from ..support.systems.prometheus import Prometheus
from ..support.systems.servers import Recipe, Server

MINIMAL = presets.load(location.root(), "minimal").answers
EVERYTHING = MINIMAL | {
    **{
        "grpc": True,
        "database": "sqlite",
        "cache": "redis",
        "broker": "nats",
        "throttling": True,
        "auth": "jwt",
        "rate_limit": "local",
    },
    **{"metrics": "prometheus", "slo_availability": "99.5", "slo_latency_ms": "250"},
}
"""All that has rules of its own, but replicas."""
EVENTS = {"order.created", "order.updated", "order.deleted"}
PUSHED = EVERYTHING | {"metrics": "otlp", "slo_latency_ms": "1000"}
REPOSITORIES = {
    "everything": EVERYTHING,
    "by OTLP": PUSHED,
    "gRPC only": MINIMAL | {"http": False, "grpc": True, "metrics": "prometheus", "slo_latency_ms": "1000"},
}


@pytest.fixture(scope="module", autouse=True)
def promtool() -> str:
    try:
        return require("promtool", prometheus.PACKAGE)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = projects.new(tmp_path_factory.mktemp("alerts") / "orders", EVERYTHING)
    environments.prepare(project)
    return project


@pytest.mark.parametrize("answers", REPOSITORIES.values(), ids=REPOSITORIES)
def test_the_rules_of_a_repository_pass_its_own_tests(answers: dict[str, Any], tmp_path: Path) -> None:
    output = projects.new(tmp_path / "orders", answers).make("rules")
    assert "FAILED" not in output


def test_the_routes_of_alerts_are_valid(everything: Project) -> None:
    amtool = require("amtool", "prometheus-alertmanager")
    configuration = everything.folder / "observability/alertmanager/alertmanager.yml"
    projects.run(amtool, "check-config", configuration, directory=everything.folder)
    for severity, receiver in (("page", "on-call"), ("ticket", "tickets")):
        route = ("config", "routes", "test", f"--config.file={configuration}", f"severity={severity}")
        assert projects.run(amtool, *route, directory=everything.folder).split()[-1] == receiver


def test_every_rule_has_a_page_that_says_what_to_do(everything: Project) -> None:
    for rule in rules(everything):
        if "alert" in rule:
            page = (everything.folder / rule["annotations"]["runbook"]).read_text()
            assert rule["alert"] in page or "BudgetBurn" in rule["alert"]


def test_every_rule_and_every_panel_has_data(
    everything: Project, module_server: Callable[[Recipe], Server], tmp_path: Path
) -> None:
    settings = surroundings(module_server, tmp_path)
    with (
        projects.issuer(everything, settings, tmp_path / "issuer") as token,
        projects.running(everything, settings, tmp_path / "log") as service,
    ):
        target = f"127.0.0.1:{service.ports['metrics']}"
        folder = everything.folder / "observability/prometheus"
        with prometheus.running(folder, tmp_path / "prometheus", target) as real:
            assert without_data(everything, service, token, real) == []
            assert counted_events(real) == EVENTS


@pytest.mark.long
def test_every_rule_and_every_panel_has_data_that_came_by_otlp(
    module_server: Callable[[Recipe], Server], tmp_path: Path
) -> None:
    project = projects.new(tmp_path / "orders", PUSHED)
    environments.prepare(project)
    port = free_port()
    settings = surroundings(module_server, tmp_path) | {
        "METRICS__URL": f"http://127.0.0.1:{port}/api/v1/otlp",
        "METRICS__INTERVAL_SECONDS": "1",
    }
    folder = project.folder / "observability/prometheus"
    with (
        receiving(folder, tmp_path / "prometheus", port) as real,
        projects.issuer(project, settings, tmp_path / "issuer") as token,
        projects.running(project, settings, tmp_path / "log") as service,
    ):
        assert without_data(project, service, token, real) == []
        assert counted_events(real) == EVENTS


@contextmanager
def receiving(configuration: Path, folder: Path, port: int) -> Iterator[Prometheus]:
    try:
        with prometheus.receiving(configuration, folder, port) as real:
            yield real
    except UnavailableError as error:
        pytest.skip(str(error))


def surroundings(server: Callable[[Recipe], Server], folder: Path) -> dict[str, str]:
    """The settings of a service with servers, and with an issuer that is yet to start."""
    return {
        "DATABASE__URL": f"sqlite+aiosqlite:///{folder}/orders.db",
        "BROKER__URL": nats.url(server(nats.NATS)),
        "CACHE__URL": f"redis://127.0.0.1:{server(redis.REDIS).port}/0",
        "AUTH__ISSUER": f"http://127.0.0.1:{free_port()}/realms/orders",
    }


def without_data(project: Project, service: Service, token: str, real: Prometheus) -> list[str]:
    """Of what rules and panels ask, that which has no data even after a while with requests."""
    authorization = f"Bearer {token}"
    lists = grpc_client.describe(service.grpc_target, "orders.v1.OrderService")
    wanted = [each for rule in rules(project) for each in series(rule)] + queries(project)

    def missing() -> list[str]:
        with suppress(urllib.error.HTTPError):  # it is not there, but asked for
            url = f"{service.url}/v1/orders/{uuid4()}"
            request = urllib.request.Request(url, headers={"Authorization": authorization})
            urllib.request.urlopen(request, timeout=10).close()
        listing = lists.methods_by_name["ListOrders"]
        grpc_client.call(service.grpc_target, listing, {}, authorization=authorization)
        return [each for each in wanted if not real.query(each)]

    with suppress(TimeoutError):
        wait_until(lambda: not missing(), "data for every query")
    return missing()


def counted_events(real: Prometheus) -> set[str]:
    """The types of events that have a count, even if none was published."""
    return {each["metric"]["event"] for each in real.query("outbox_published_total")}


def rules(project: Project) -> list[dict[str, Any]]:
    files = (project.folder / "observability/prometheus").glob("*.rules.yml")
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def queries(project: Project) -> list[str]:
    """Of all panels of all dashboards, as Grafana asks Prometheus."""
    files = list((project.folder / "observability/grafana/dashboards").glob("*.json"))
    dashboards = [json.loads(file.read_text()) for file in files]
    assert {each["uid"] for each in dashboards} == {f"orders-{file.stem}" for file in files}
    panels = [panel for dashboard in dashboards for panel in dashboard["panels"]]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    return [each.replace("$__rate_interval", "1m") for each in expressions]


def series(rule: dict[str, Any]) -> list[str]:
    """What has to be there for a rule to work: what it records, or all that an alert selects."""
    if "record" in rule:
        return [rule["expr"]]
    return re.findall(r"[a-z][\w:]*\{[^}]*\}", rule["expr"])
