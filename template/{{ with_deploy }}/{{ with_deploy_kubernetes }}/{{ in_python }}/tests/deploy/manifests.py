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
    def deployment(self) -> Document:
        (deployment,) = self.of("Deployment")
        return deployment

    @property
    def pod(self) -> Document:
        """The specification of the service's pods."""
        pod: Document = self.deployment["spec"]["template"]["spec"]
        return pod

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the service's pods."""
        labels: dict[str, str] = self.deployment["spec"]["template"]["metadata"]["labels"]
        return labels

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
        return {port["name"]: port["containerPort"] for port in self.app["ports"]}

    @property
    def sources(self) -> dict[str, dict[str, str]]:
        """What each ConfigMap and Secret holds; the values of an external secret are empty here."""
        plain = {each["metadata"]["name"]: each["data"] for each in self.of("ConfigMap")}
        secret = {each["metadata"]["name"]: _decoded(each["data"]) for each in self.of("Secret")}
        external = {
            each["spec"]["target"]["name"]: {entry["secretKey"]: "" for entry in each["spec"]["data"]}
            for each in self.of("ExternalSecret")
        }
        return plain | secret | external

    def environment(self, container: Document) -> dict[str, str]:
        """What a container's process finds in its environment."""
        found: dict[str, str] = {}
        for name in source_names(container):
            found |= self.sources[name]
        return found


def source_names(container: Document) -> list[str]:
    """The ConfigMaps and Secrets that a container takes its environment from."""
    return [reference["name"] for entry in container["envFrom"] for reference in entry.values()]


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


def _decoded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in data.items()}
