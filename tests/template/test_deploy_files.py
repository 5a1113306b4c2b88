"""The manifests, workflows and scripts hold up before checkers that the repository does not run itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support import checkers as tools
from ..support.once import once
from ..support.services import manifest_schemas, projects

OVERLAYS = ("dev", "staging", "production")

# Beside two presets, what none of them has: gRPC without HTTP, and one process that keeps all data.
ANSWERS: dict[str, dict[str, Any]] = {
    "full": presets.shipped(source.root())["full"].answers,
    "service": presets.shipped(source.root())["service"].answers,
    "grpc only": {"http": False, "database": "sqlite", "cache": "redis", "broker": "rabbitmq"},
    "in memory": {"grpc": False, "database": "none", "cache": "none", "metrics": "none"},
}


@pytest.fixture(scope="session", params=ANSWERS)
def folder(request: pytest.FixtureRequest) -> Path:
    """A generated repository with everything that deploys it."""
    answers = {"service_name": "orders", "deploy": "kubernetes", "ci": "github", **ANSWERS[request.param]}
    made = once(f"deploy {request.param}", lambda folder: projects.new(folder / "orders", answers))
    return made / "orders"


@pytest.fixture(scope="session")
def rendered(folder: Path) -> Path:
    """A folder with the manifests of each overlay in one file."""

    def render(manifests: Path) -> None:
        for overlay in OVERLAYS:
            text = tools.kustomize(folder / "deploy" / "overlays" / overlay)
            (manifests / f"{overlay}.yaml").write_text(text)

    return once(f"{folder.parent.name} rendered", render)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_has_only_fields_and_kinds_that_kubernetes_knows(rendered: Path, overlay: str) -> None:
    manifests = list(yaml.safe_load_all((rendered / f"{overlay}.yaml").read_text()))
    assert len(manifests) >= 8
    assert [problem for manifest in manifests for problem in manifest_schemas.problems(manifest)] == []


def test_manifests_with_unknown_fields_or_kinds_are_found() -> None:
    """The validation above is no rubber stamp."""
    unknown_field = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"prots": []}}
    removed_kind = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"}}
    custom = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "a"}}
    for manifest in (unknown_field, removed_kind, custom | {"spec": {"endpoint": []}}):
        assert list(manifest_schemas.problems(manifest)), manifest


def test_actionlint_finds_nothing_in_the_workflows(folder: Path) -> None:
    workflows = sorted((folder / ".github" / "workflows").iterdir())
    assert [workflow.stem for workflow in workflows] == ["ci", "promote", "release", "update"]
    tools.check("actionlint", *workflows, directory=folder)


@pytest.mark.parametrize("script", ["promote", "propose-update"])
def test_shellcheck_finds_nothing_in_the_script_of_a_workflow(folder: Path, script: str) -> None:
    tools.check("shellcheck", f".github/scripts/{script}.sh", directory=folder)


def test_zizmor_finds_nothing_in_the_workflows(folder: Path) -> None:
    tools.check("zizmor", "--offline", "--no-config", ".github", directory=folder)
