"""The overlays as Kubernetes gets them, and what one manifest knows of another."""

import base64
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

OVERLAYS = ("dev", "staging", "production")
COMMON = "app.kubernetes.io/"
NAME, WHOLE = f"{COMMON}name", f"{COMMON}part-of"
DEPLOY = Path(__file__).parents[2] / "deploy"

Document = dict[str, Any]


@dataclass(frozen=True)
class Manifests:
    documents: list[Document]

    def of(self, kind: str) -> list[Document]:
        return [document for document in self.documents if document["kind"] == kind]

    def names(self, kind: str) -> set[str]:
        return {document["metadata"]["name"] for document in self.of(kind)}

    @property
    def is_dev(self) -> bool:
        """Whether they are for a cluster on a developer's machine, and bring their namespace."""
        return bool(self.of("Namespace"))

    @property
    def deployment(self) -> Document:
        """The service's own; other Deployments are parts of it."""
        (deployment,) = [each for each in self.of("Deployment") if len(set(_names(each))) == 1]
        return deployment

    def selected(self, selector: dict[str, str]) -> list[Document]:
        """The Deployments whose pods have these labels."""
        deployments = self.of("Deployment")
        return [each for each in deployments if selector and selector.items() <= pod_labels(each).items()]

    @property
    def pod(self) -> Document:
        """The specification of the service's pods."""
        pod: Document = self.deployment["spec"]["template"]["spec"]
        return pod

    @property
    def app(self) -> Document:
        app: Document
        (app,) = self.pod["containers"]
        return app

    @property
    def containers(self) -> list[Document]:
        """The service's container and those that run before it."""
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def ports(self) -> dict[str, int]:
        """The numbers of the service's ports by their names."""
        return ports_of(self.deployment)

    @property
    def mounted(self) -> set[str]:
        """The ConfigMaps and Secrets that pods have as files."""
        volumes = [volume for each in self.of("Deployment") for volume in pod_of(each)["volumes"]]
        maps = {volume["configMap"]["name"] for volume in volumes if "configMap" in volume}
        return maps | {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}

    @property
    def sources(self) -> dict[str, dict[str, str]]:
        """What each ConfigMap and Secret holds; values that the cluster finds or makes are empty here."""
        plain = {
            each["metadata"]["name"]: each["data"]
            for each in self.of("ConfigMap")
            if not self.is_for_others(each)
        }
        secret = {each["metadata"]["name"]: _decoded(each["data"]) for each in self.of("Secret")}
        external: dict[str, dict[str, str]] = {
            each["spec"]["target"]["name"]: {entry["secretKey"]: "" for entry in each["spec"]["data"]}
            for each in self.of("ExternalSecret")
        }
        made: dict[str, dict[str, str]] = {each["spec"]["secretName"]: {} for each in self.of("Certificate")}
        return plain | secret | external | made

    @staticmethod
    def is_for_others(document: Document) -> bool:
        """Whether it has a label of its own, by which somebody else finds it."""
        return any(not label.startswith(COMMON) for label in document["metadata"]["labels"])

    def environment(self, container: Document) -> dict[str, str]:
        """What a container's process finds in its environment."""
        found: dict[str, str] = {}
        for name in source_names(container):
            found |= self.sources[name]
        return found


def source_names(container: Document) -> list[str]:
    """The ConfigMaps and Secrets that a container takes its environment from."""
    return [reference["name"] for entry in container["envFrom"] for reference in entry.values()]


def pod_of(deployment: Document) -> Document:
    pod: Document = deployment["spec"]["template"]["spec"]
    return pod


def pod_labels(deployment: Document) -> dict[str, str]:
    labels: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    return labels


def ports_of(deployment: Document) -> dict[str, int]:
    """The numbers of its container's ports by their names."""
    (container,) = pod_of(deployment)["containers"]
    return {port["name"]: port["containerPort"] for port in container["ports"]}


@cache
def render(overlay: str) -> Manifests:
    """Skips the test where there is no kustomize; with STRICT=1 that is a failure."""
    if shutil.which("kubectl"):
        command = ["kubectl", "kustomize"]
    elif shutil.which("kustomize"):
        command = ["kustomize", "build"]
    elif os.environ.get("STRICT") == "1":
        pytest.fail("neither kubectl nor kustomize is on the PATH")
    else:
        pytest.skip("neither kubectl nor kustomize is on the PATH")
    folder = DEPLOY / "overlays" / overlay
    rendered = subprocess.run([*command, folder], capture_output=True, text=True)
    assert rendered.returncode == 0, rendered.stderr
    return Manifests(list(yaml.safe_load_all(rendered.stdout)))


def _names(deployment: Document) -> list[str]:
    """Of the part, and of the whole."""
    labels = pod_labels(deployment)
    return [str(labels.get(name)) for name in (NAME, WHOLE)]


def _decoded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in data.items()}
