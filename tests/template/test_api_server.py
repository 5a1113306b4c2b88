"""A real API server takes every overlay, without a warning, and two releases after each other and back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support import checkers as tools
from ..support.once import once
from ..support.services import projects
from ..support.systems import kubernetes
from ..support.systems.kubernetes import Cluster
from ..support.systems.packages import UnavailableError

pytestmark = pytest.mark.long

OVERLAYS = ("dev", "staging", "production")
FULL = presets.load(source.root(), "full").answers
ANSWERS: dict[str, dict[str, Any]] = {
    **{name: preset.answers for name, preset in presets.shipped(source.root()).items()},
    "an Ingress": {**FULL, "ingress": "ingress", "mtls": False},
    "both routes": {**FULL, "ingress": "gateway_api", "mtls": False},
    "a pooler": {**FULL, "pooler": "pgbouncer", "tracing": "zipkin", "broker": "kafka"},
    "shards": {**FULL, "shards": True, "tracing": "otlp", "metrics": "otlp", "broker": "nats"},
    "replicas": {**FULL, "replicas": True, "logging": "graylog", "cache": "memcached", "broker": "sqs"},
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        with kubernetes.running(tmp_path_factory.mktemp("cluster")) as cluster:
            yield cluster
    except UnavailableError as error:
        pytest.skip(str(error))


def made(name: str) -> Path:
    answers = {"service_name": "orders", **ANSWERS[name], "deploy": "kubernetes"}
    return once(f"api server {name}", lambda folder: projects.new(folder / "orders", answers)) / "orders"


def rendered(overlay: Path, file: Path) -> Path:
    file.write_text(tools.kustomize(overlay))
    return file


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", ANSWERS)
def test_every_overlay_is_taken(cluster: Cluster, tmp_path: Path, name: str, overlay: str) -> None:
    folder = made(name) / "deploy/overlays" / overlay
    manifests = rendered(folder, tmp_path / "manifests.yaml")
    cluster.kubectl("apply", f"--filename={folder / 'namespace.yaml'}")
    taken, warnings = cluster.kubectl("apply", "--dry-run=server", f"--filename={manifests}")
    assert warnings == ""
    assert len(taken.splitlines()) == len(list(yaml.safe_load_all(manifests.read_text())))


def test_pods_that_want_more_rights_are_warned_about(cluster: Cluster, tmp_path: Path) -> None:
    """The namespace does what it says: no warning above means that nothing was wrong."""
    folder = made("service") / "deploy/overlays/staging"
    cluster.kubectl("apply", f"--filename={folder / 'namespace.yaml'}")
    manifests = rendered(folder, tmp_path / "manifests.yaml")
    manifests.write_text(manifests.read_text().replace("runAsNonRoot: true", "runAsNonRoot: false"))
    _, warnings = cluster.kubectl("apply", "--dry-run=server", f"--filename={manifests}")
    assert "would violate PodSecurity" in warnings


def test_a_release_can_be_taken_back(cluster: Cluster, tmp_path: Path) -> None:
    """What the release before reads is still there, and its finished migration is left as it is."""
    folder = made("full") / "deploy/overlays/staging"
    cluster.kubectl("apply", f"--filename={folder / 'namespace.yaml'}")
    first = rendered(folder, tmp_path / "first.yaml")
    second = tmp_path / "second.yaml"
    changed = list(yaml.safe_load_all(first.read_text()))
    text = yaml.safe_dump_all(changed).replace("0.1.0", "0.2.0").replace("0-1-0", "0-2-0")
    [name] = {each["metadata"]["name"] for each in changed if _is_settings(each)}
    second.write_text(text.replace(name, f"{name[:-1]}x").replace("LOGS__LEVEL: INFO", "LOGS__LEVEL: DEBUG"))
    for release in (first, second):
        cluster.kubectl("apply", f"--filename={release}")
    back, _ = cluster.kubectl("apply", f"--filename={first}")
    assert f"configmap/{name} unchanged" in back
    assert "job.batch/orders-migrate-0-1-0 unchanged" in back
    assert "deployment.apps/orders configured" in back
    used, _ = cluster.kubectl(
        "get", "deployment", "orders", "--namespace=orders-staging", "--output=jsonpath={..configMapRef.name}"
    )
    assert set(used.split()) == {name}


def _is_settings(document: dict[str, Any]) -> bool:
    return (
        document["kind"] == "ConfigMap"
        and document["metadata"]["name"].startswith("orders-")
        and ("ORDERS_LOGS__LEVEL" in document["data"])
    )
