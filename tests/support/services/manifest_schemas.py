"""Strict validation of Kubernetes manifests: unknown fields and kinds are problems."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]

KUBERNETES = "1.34"
CUSTOM = {
    "cert-manager.io/v1/Certificate",
    "external-secrets.io/v1/ExternalSecret",
    "gateway.networking.k8s.io/v1/GRPCRoute",
    "gateway.networking.k8s.io/v1/HTTPRoute",
    "monitoring.coreos.com/v1/PrometheusRule",
    "monitoring.coreos.com/v1/ServiceMonitor",
}
SCHEMAS = Path(__file__).parent / "schemas"


def problems(manifest: dict[str, Any]) -> Iterator[str]:
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    found = _custom_problems if f"{manifest['apiVersion']}/{manifest['kind']}" in CUSTOM else _core_problems
    return (f"{name}: {problem}" for problem in found(manifest))


def _custom_problems(manifest: dict[str, Any]) -> Iterator[str]:
    schema = json.loads((SCHEMAS / f"{manifest['kind']}.json").read_text())
    for error in jsonschema.Draft7Validator(schema).iter_errors(manifest):
        yield f"{error.json_path}: {error.message}"


def _core_problems(manifest: dict[str, Any]) -> Iterator[str]:
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        yield error.message
