"""The checks of manifests that each generated repository brings find the faults that Kubernetes accepts."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support import checkers as tools
from ..support.services import environments, projects
from ..support.services.projects import Project, clean_environment

OVERLAYS = ("dev", "staging", "production")
DELETE = object()

Manifest = dict[str, Any]
Place = tuple[str | int, ...]

POD: Place = ("spec", "template", "spec")
APP: Place = (*POD, "containers", 0)

# Each fault: the kind of manifest, and the name of one where there are several; where in it; the wrong value.
FAULTS: dict[str, tuple[str, Place, Any]] = {
    "a service selects other pods": ("Service/orders", ("spec", "selector"), {"app": "other"}),
    "a service selects everything": ("Service/orders", ("spec", "selector"), {}),
    "a service sends to a port that is not there": (
        "Service/orders",
        ("spec", "ports", 0, "targetPort"),
        "web",
    ),
    "a service sends to a number that is not there": (
        "Service/orders-headless",
        ("spec", "ports", 0, "targetPort"),
        8082,
    ),
    "the pods have another label": (
        "Deployment",
        ("spec", "template", "metadata", "labels"),
        {"app": "orders"},
    ),
    "the container renames a port": ("Deployment", (*APP, "ports", 0, "name"), "other"),
    "the container has another port than the service listens on": (
        "Deployment",
        (*APP, "ports", 0, "containerPort"),
        9999,
    ),
    "the autoscaler aims at nothing": (
        "HorizontalPodAutoscaler",
        ("spec", "scaleTargetRef", "name"),
        "order",
    ),
    "the autoscaler aims at another kind": (
        "HorizontalPodAutoscaler",
        ("spec", "scaleTargetRef", "kind"),
        "StatefulSet",
    ),
    "the autoscaler adds pods to idle ones": (
        "HorizontalPodAutoscaler",
        ("spec", "metrics", 0, "containerResource", "target", "averageValue"),
        "175m",
    ),
    "the autoscaler waits until it is too late": (
        "HorizontalPodAutoscaler",
        ("spec", "metrics", 0, "containerResource", "target", "averageValue"),
        "1",
    ),
    "the autoscaler has no room": ("HorizontalPodAutoscaler", ("spec", "minReplicas"), 99),
    "the replicas need more connections than there are": (
        "HorizontalPodAutoscaler",
        ("spec", "maxReplicas"),
        17,
    ),
    "a pool is too large": ("ConfigMap", ("data", "ORDERS_DATABASE__POOL_SIZE"), "41"),
    "the deployment counts replicas beside the autoscaler": ("Deployment", ("spec", "replicas"), 2),
    "the disruption budget protects nothing": (
        "PodDisruptionBudget",
        ("spec", "selector", "matchLabels"),
        {"app": "orders"},
    ),
    "the disruption budget lets no pod go": ("PodDisruptionBudget", ("spec", "maxUnavailable"), 0),
    "a network policy is for other pods": (
        "NetworkPolicy/orders-redis",
        ("spec", "podSelector", "matchLabels"),
        {"app.kubernetes.io/name": "redis"},
    ),
    "a network policy allows another port out": (
        "NetworkPolicy/orders-rabbitmq",
        ("spec", "egress", 0, "ports", 0, "port"),
        5673,
    ),
    "a network policy allows another port in": (
        "NetworkPolicy/orders",
        ("spec", "ingress", 0, "ports", 0, "port"),
        "web",
    ),
    "a route leads to a port that is not there": (
        "HTTPRoute",
        ("spec", "rules", 0, "backendRefs", 0, "port"),
        9090,
    ),
    "a route leads to the wrong protocol": (
        "HTTPRoute",
        ("spec", "rules", 0, "backendRefs", 0, "port"),
        8081,
    ),
    "the gateway ends requests before the service does": (
        "HTTPRoute",
        ("spec", "rules", 0, "timeouts", "backendRequest"),
        "20s",
    ),
    "the gateway answers before it stops waiting": (
        "HTTPRoute",
        ("spec", "rules", 0, "timeouts", "request"),
        "32s",
    ),
    "two environments have one name": ("HTTPRoute", ("spec", "hostnames"), ["orders.production.example"]),
    "a route without TLS": ("HTTPRoute", ("spec", "parentRefs", 0, "sectionName"), "http"),
    "the gateway is not let in": (
        "NetworkPolicy/orders-outside",
        ("spec", "ingress", 0, "from"),
        [{"podSelector": {}}],
    ),
    "a kind that only an operator knows": ("Service/orders", ("apiVersion",), "serving.knative.dev/v1"),
    "everybody in the cluster may call": (
        "NetworkPolicy/orders",
        ("spec", "ingress", 0, "from"),
        [{"namespaceSelector": {}}],
    ),
    "everybody may call": ("NetworkPolicy/orders", ("spec", "ingress", 0, "from"), []),
    "a server may be anywhere": ("NetworkPolicy/orders-redis", ("spec", "egress", 0, "to"), DELETE),
    "names cannot be looked up": ("NetworkPolicy/orders-dns", ("spec", "egress"), DELETE),
    "names cannot be looked up on the node": (
        "NetworkPolicy/orders-dns",
        ("spec", "egress", 0, "to", 2, "ipBlock", "cidr"),
        "10.0.0.0/8",
    ),
    "requests are sent to the migration": (
        "Job",
        ("spec", "template", "metadata", "labels", "app.kubernetes.io/name"),
        "orders",
    ),
    "the migration has the name of every release": ("Job", ("metadata", "name"), "orders-migrate"),
    "the migration runs as another version": (
        "Job",
        (*POD, "containers", 0, "image"),
        "ghcr.io/platform/orders:0.0.9",
    ),
    "the migration may not reach the database": (
        "NetworkPolicy/orders-postgresql",
        ("spec", "podSelector", "matchLabels"),
        {"app.kubernetes.io/name": "orders"},
    ),
    "the migration is bound to a settings file": (
        "Job",
        (*POD, "containers", 0, "envFrom", 0),
        {"configMapRef": {"name": "orders"}},
    ),
    "the migration may do more than the service": (
        "Job",
        (*POD, "containers", 0, "securityContext", "readOnlyRootFilesystem"),
        False,
    ),
    "the pods migrate themselves": ("Deployment", (*POD, "initContainers", 0, "args"), ["migrate"]),
    "pods that end are not waited for": ("Deployment", ("spec", "minReadySeconds"), 1),
    "what leaves is not denied": (
        "NetworkPolicy/orders-default-deny",
        ("spec", "policyTypes"),
        ["Ingress"],
    ),
    "the service monitor selects nothing": (
        "ServiceMonitor",
        ("spec", "selector", "matchLabels"),
        {"app.kubernetes.io/name": "order"},
    ),
    "the service monitor scrapes a port that is not there": (
        "ServiceMonitor",
        ("spec", "endpoints", 0, "port"),
        "http-metrics",
    ),
    "a setting is misspelt": ("ConfigMap", ("data", "ORDERS_LOG__LEVEL"), "INFO"),
    "a setting is out of range": ("ConfigMap", ("data", "ORDERS_LOGS__LEVEL"), "LOUD"),
    "a secret's key is no setting": (
        "ExternalSecret/orders-postgresql",
        ("spec", "data", 0, "secretKey"),
        "DATABASE_URL",
    ),
    "an environment reads the secrets of another": (
        "ExternalSecret/orders-redis",
        ("spec", "data", 0, "remoteRef", "key"),
        "orders-production/redis",
    ),
    "a selector depends on the instance": (
        "Deployment",
        ("spec", "selector", "matchLabels", "app.kubernetes.io/instance"),
        "orders-dev",
    ),
    "an object belongs to another instance": (
        "Service/orders",
        ("metadata", "labels", "app.kubernetes.io/instance"),
        "orders-production",
    ),
    "an external secret makes another secret": (
        "ExternalSecret/orders-redis",
        ("spec", "target", "name"),
        "redis",
    ),
    "the container reads a ConfigMap that is not there": (
        "Deployment",
        (*APP, "envFrom", 0, "configMapRef", "name"),
        "order",
    ),
    "the migration lacks a secret": ("Deployment", (*POD, "initContainers", 0, "envFrom", 1), DELETE),
    "the service account is not there": ("Deployment", (*POD, "serviceAccountName"), "default"),
    "a volume is mounted that is not there": (
        "Deployment",
        (*APP, "volumeMounts", 0, "name"),
        "cache",
    ),
    "a pod has too little time to stop": ("Deployment", (*POD, "terminationGracePeriodSeconds"), 30),
    "the service drains for too long": ("ConfigMap", ("data", "ORDERS_SHUTDOWN__DRAIN_SECONDS"), "60"),
    "liveness asks for readiness": (
        "Deployment",
        (*APP, "livenessProbe", "httpGet", "path"),
        "/readyz",
    ),
    "a probe asks a port that is not there": (
        "Deployment",
        (*APP, "startupProbe", "httpGet", "port"),
        "web",
    ),
    "an image of another version": ("Deployment", (*APP, "image"), "ghcr.io/platform/orders:0.0.9"),
    "a digest that is none": ("Deployment", (*APP, "image"), "ghcr.io/platform/orders:dev@sha256:1f"),
    "another image": ("Deployment", (*APP, "image"), "ghcr.io/platform/invoices:0.1.0"),
    "an image without a version": (
        "Deployment",
        (*POD, "initContainers", 0, "image"),
        "ghcr.io/platform/orders:latest",
    ),
    "service links become settings": ("Deployment", (*POD, "enableServiceLinks"), DELETE),
    "spans are sent to a port that is not there": ("Service/jaeger", ("spec", "ports", 0, "port"), 4319),
    "the server of spans may do more than the service": (
        "Deployment/jaeger",
        (*APP, "securityContext", "readOnlyRootFilesystem"),
        False,
    ),
    "the server of spans takes nothing": ("NetworkPolicy/jaeger", ("spec", "ingress"), DELETE),
    "a manifest is in another namespace": ("Service/orders-metrics", ("metadata", "namespace"), "default"),
}


@pytest.fixture(scope="session")
def failed(full: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Which of the repository's tests fail: for the right manifests of each overlay, and for each fault."""
    right = {overlay: tools.kustomize(full.folder / "deploy" / "overlays" / overlay) for overlay in OVERLAYS}
    faulty = {fault: plant(right, *FAULTS[fault]) for fault in FAULTS}
    return run_tests(full, right | faulty, tmp_path_factory.mktemp("planted"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_right_manifests_pass(failed: dict[str, set[str]], overlay: str) -> None:
    assert failed[overlay] == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found(failed: dict[str, set[str]], fault: str) -> None:
    assert failed[fault]


def test_the_pools_of_all_pods_have_to_fit_into_each_shard(tmp_path: Path) -> None:
    answers = presets.load(source.root(), "full").answers | {"shards": True}
    project = projects.new(tmp_path / "orders", answers)
    environments.prepare(project)
    right = {"right": tools.kustomize(project.folder / "deploy" / "overlays" / "production")}
    pool: Place = ("data", "ORDERS_SHARDS__POOL_SIZE")
    faulty = {"a pool is too large": plant(right, "ConfigMap", pool, "41")}
    failed = run_tests(project, right | faulty, tmp_path)
    assert failed["right"] == set()
    assert failed["a pool is too large"] == {"test_all_pods_take_at_most_80_percent_of_a_shards_connections"}


def plant(right: Mapping[str, str], kind: str, place: Place, value: Any) -> str:
    """The manifests of the first overlay that has such a manifest, with a wrong value in it."""
    for text in right.values():
        documents = list(yaml.safe_load_all(text))
        for document in _matching(documents, kind):
            _put(document, place, value)
            return yaml.safe_dump_all(documents)
    raise LookupError(f"no overlay has {kind}")


def _matching(documents: list[Manifest], kind: str) -> Iterator[Manifest]:
    for document in documents:
        metadata = document["metadata"]
        if document["kind"] == "ConfigMap" and "grafana_dashboard" in metadata["labels"]:
            continue  # for Grafana, not for the service
        if "/" not in kind and not metadata["name"].startswith("orders"):
            continue  # of a server
        if kind in (document["kind"], f"{document['kind']}/{metadata['name']}"):
            yield document


def _put(document: Manifest, place: Place, value: Any) -> None:
    *way, last = place
    at: Any = document
    for step in way:
        at = at[step]
    if value is DELETE:
        del at[last]
    else:
        at[last] = value


def run_tests(project: Project, manifests: Mapping[str, str], folder: Path) -> dict[str, set[str]]:
    """Run the repository's tests with these manifests as its overlays, handed out by a kubectl of our own."""
    for number, text in enumerate(manifests.values()):
        (folder / f"{number}.yaml").write_text(text)
    numbers = [str(number) for number in range(len(manifests))]
    (folder / "planted.py").write_text(
        f"from tests.deploy import manifests\nmanifests.OVERLAYS = {numbers}\n"
    )
    kubectl = folder / "kubectl"
    kubectl.write_text(f'#!/bin/sh\ncat "{folder}/$(basename "$2").yaml"\n')
    kubectl.chmod(0o755)
    report = folder / "report.xml"
    subprocess.run(
        project.python("-m", "pytest", "-q", "-p", "planted", f"--junit-xml={report}", "tests/deploy"),
        cwd=project.folder,
        env={
            **clean_environment(),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
        },
        stdout=subprocess.DEVNULL,
    )
    failed = _failed_tests(report)
    return {name: failed[number] for name, number in zip(manifests, numbers, strict=True)}


def _failed_tests(report: Path) -> dict[str, set[str]]:
    """The failed tests by the name in brackets, which is that of the overlay."""
    failed: dict[str, set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        test, _, overlay = case.attrib["name"].removesuffix("]").partition("[")
        failed.setdefault(overlay, set()).update({test} if case.findall("failure") else ())
    return failed
