"""What keeps the lines of the log: the files that start it, and lines in a real OpenSearch."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location, presets

from ..support.services import environments, projects
from ..support.services.projects import Project
from ..support.systems import opensearch
from ..support.systems.servers import Recipe, Server

MINIMAL = presets.load(location.root(), "minimal").answers
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACED = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "content-type": "application/json"}
SECRET = "s3cret"
UNITS = {"m": 2**20, "g": 2**30}


@pytest.fixture(scope="module", params=["elk", "graylog"])
def compose(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the profile starts."""
    answers = MINIMAL | {"logging": request.param}
    project = projects.new(tmp_path_factory.mktemp("logs") / "orders", answers)
    services: dict[str, Any] = {}
    for file in (project.folder / "compose").glob("*.yaml"):
        services |= yaml.safe_load(file.read_text())["services"]
    for each in services.values():
        for source in (volume.split(":")[0] for volume in each.get("volumes", [])):
            assert not source.startswith("../") or (project.folder / "compose" / source).is_dir()
    return services


def test_nothing_is_started_without_the_profile(compose: dict[str, Any]) -> None:
    assert all(each["profiles"] == ["logging"] for each in compose.values())


def test_all_together_take_less_than_four_gibibytes(compose: dict[str, Any]) -> None:
    limits = [each["mem_limit"] for each in compose.values()]
    assert sum(int(limit[:-1]) * UNITS[limit[-1]] for limit in limits) < 4 * 2**30


def test_something_waits_for_what_ends(compose: dict[str, Any]) -> None:
    """Otherwise `docker compose up --wait` fails when it ends."""
    ends = {name for name, each in compose.items() if "restart" not in each}
    conditions = [each.get("depends_on", {}).items() for each in compose.values()]
    awaited = {
        name
        for each in conditions
        for name, wanted in each
        if wanted["condition"] == "service_completed_successfully"
    }
    assert ends == awaited


def test_ports_are_open_on_this_machine_only(compose: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for each in compose.values() for port in each.get("ports", []))


@pytest.mark.long
def test_lines_are_found_by_their_fields(
    module_server: Callable[[Recipe], Server], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Every field has a place in the index template, and is sent as Filebeat would send it."""
    record_property("note", "OpenSearch instead of Elasticsearch; Filebeat's part is done by the test")
    project = projects.new(tmp_path / "orders", MINIMAL | {"logging": "elk"})
    environments.prepare(project)
    lines = logged(project, tmp_path / "log")
    assert SECRET not in str(lines)

    url = f"http://127.0.0.1:{module_server(opensearch.OPENSEARCH).port}"
    template = json.loads((project.folder / "observability/elasticsearch/template.json").read_text())
    assert template["template"].pop("lifecycle") == {
        "data_retention": "7d"
    }  # OpenSearch has policies instead
    mappings = template["template"]["mappings"]
    mappings["dynamic"] = "strict"
    mappings["properties"]["labels"]["dynamic"] = True
    call(f"{url}/_index_template/orders", template, "PUT")
    documents = "".join(f'{{"create":{{}}}}\n{json.dumps(expanded(line))}\n' for line in lines)
    answer = call(f"{url}/logs-orders-default/_bulk?refresh=true", documents)
    assert [each["create"]["error"] for each in answer["items"] if "error" in each["create"]] == []

    def found(**term: object) -> list[dict[str, Any]]:
        hits = call(f"{url}/logs-orders-*/_search", {"query": {"term": term}})["hits"]["hits"]
        return [hit["_source"] for hit in hits]

    created, invalid = sorted(
        (line for line in found(**{"trace.id": TRACE_ID}) if line["message"] == "request"),
        key=lambda line: line["http"]["response"]["status_code"],
    )
    assert created["http"]["response"]["status_code"] == 201
    assert created["event"]["duration"] > 0
    assert invalid["http"]["response"]["status_code"] == 422
    assert found(**{"http.request.id": created["http"]["request"]["id"]})
    assert {line["message"] for line in found(**{"service.name": "orders"})} >= {"started", "stopped"}
    (stream,) = call(f"{url}/_data_stream/logs-orders-default")["data_streams"]
    assert stream["template"] == "orders"


def logged(project: Project, file: Path) -> list[dict[str, Any]]:
    with projects.serving(project, {}, file, ("-m", project.package)) as service:
        path = f"{service.url}/v1/orders"
        call(path, {"name": SECRET, "quantity": 3})
        with pytest.raises(urllib.error.HTTPError):
            call(path, {SECRET: SECRET})
    return [json.loads(line) for line in file.read_text().splitlines()]


def expanded(line: dict[str, Any]) -> dict[str, Any]:
    """As Filebeat does it, with `expand_keys`."""
    found: dict[str, Any] = {}
    for name, value in line.items():
        *parents, last = name.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return found


def call(url: str, body: Any = None, method: str | None = None) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    request = urllib.request.Request(url, text.encode() if body else None, TRACED, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
