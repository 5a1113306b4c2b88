"""The generated workflows propose each release for one environment after the other."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support import checkers as tools
from ..support.once import once
from ..support.services import projects
from ..support.services.update_workflow import BOT, Repository, on_github
from ..support.services.workflow_runner import Machine
from ..support.systems import packages

ANSWERS = {"ci": "github", "deploy": "kubernetes", "database": "postgresql"}
DIGEST = f"sha256:{'1f' * 32}"
OLDER = f"sha256:{'0e' * 32}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    packages.require("jq", "jq")
    answers = presets.load(source.root(), "minimal").answers | ANSWERS
    made = once("promotion", lambda folder: projects.new(folder / "orders", answers))
    return on_github(tmp_path, made / "orders", "promote.yaml")


def release(repository: Repository, tag: str = "v1.2.0", digest: str = DIGEST) -> Machine:
    """Run the last job of a release, as after the others have pushed an image with this digest."""
    workflow = yaml.safe_load((repository.checkout() / ".github/workflows/release.yaml").read_text())
    runner = repository.runner(GITHUB_REF_NAME=tag, GITHUB_REF_TYPE="tag")
    runner.expressions = {"needs.publish.outputs.digest": digest}
    return runner.run_job("propose", workflow["jobs"]["propose"], {})


def promote(repository: Repository) -> Machine:
    """Run the workflow that follows a merge."""
    runner = repository.runner()
    runner.run(repository.checkout() / ".github/workflows/promote.yaml")
    return runner.machines["propose"]


def merge(repository: Repository, environment: str) -> None:
    repository.git("fetch", "--quiet", ".", f"promote/{environment}:main")


def rendered(repository: Repository, branch: str, environment: str) -> list[dict[str, Any]]:
    """What an environment gets, as a branch has it."""
    text = tools.kustomize(repository.checkout(branch) / "deploy/overlays" / environment)
    return list(yaml.safe_load_all(text))


def images(manifests: list[dict[str, Any]]) -> set[str]:
    pods = [each["spec"]["template"]["spec"] for each in manifests if each["kind"] in ("Deployment", "Job")]
    containers = [each for pod in pods for each in (*pod.get("initContainers", []), *pod["containers"])]
    return {each["image"] for each in containers}


def test_a_release_is_proposed_for_dev_by_its_digest(repository: Repository) -> None:
    assert release(repository).succeeded
    [proposed] = repository.pull_requests
    assert (proposed["head"], proposed["base"]) == ("promote/dev", "main")
    assert proposed["title"] == "Release 1.2.0 to dev"
    assert DIGEST in proposed["body"]
    changed = repository.git("diff", "--name-only", "main", "promote/dev")
    assert changed == "deploy/releases/dev/kustomization.yaml"
    assert repository.git("log", "-1", "--format=%ce", "promote/dev") == BOT


def test_all_containers_run_what_was_released(repository: Repository) -> None:
    release(repository)
    manifests = rendered(repository, "promote/dev", "dev")
    assert images(manifests) == {f"ghcr.io/platform/orders:1.2.0@{DIGEST}"}
    [job] = [each for each in manifests if each["kind"] == "Job"]
    assert job["metadata"]["name"] == "orders-migrate-1-2-0"


def test_what_was_merged_is_proposed_for_the_next_environment(repository: Repository) -> None:
    release(repository)
    merge(repository, "dev")
    promoted = promote(repository)
    assert "No release runs in staging yet." in promoted.output
    assert [each["head"] for each in repository.pull_requests] == ["promote/dev", "promote/staging"]
    merge(repository, "staging")
    assert "staging runs 1.2.0 already." in promote(repository).output
    merge(repository, "production")
    assert images(rendered(repository, "main", "production")) == {f"ghcr.io/platform/orders:1.2.0@{DIGEST}"}


def test_a_newer_release_takes_the_place_of_one_that_is_proposed(repository: Repository) -> None:
    release(repository, "v1.1.0", OLDER)
    release(repository)
    [proposed] = repository.pull_requests
    assert proposed["title"] == "Release 1.2.0 to dev"
    [image] = images(rendered(repository, "promote/dev", "dev"))
    assert image.endswith(DIGEST)


def test_a_revert_brings_back_the_image_that_ran_before(repository: Repository) -> None:
    for tag, digest in (("v1.1.0", OLDER), ("v1.2.0", DIGEST)):
        release(repository, tag, digest)
        merge(repository, "dev")
    clone = repository.checkout()
    projects.run("git", "-c", "user.name=Ada", "-c", "user.email=a@b", "revert", "HEAD", directory=clone)
    projects.run("git", "push", "origin", "main", directory=clone)
    assert images(rendered(repository, "main", "dev")) == {f"ghcr.io/platform/orders:1.1.0@{OLDER}"}


@pytest.mark.parametrize("tag", ["v1.2.0+build", "v1.2.0'", f"v1{'0' * 40}", "vNext"])
def test_what_cannot_name_a_version_is_refused(repository: Repository, tag: str) -> None:
    machine = release(repository, tag)
    assert not machine.succeeded
    assert "is no version" in machine.output
    assert repository.git("branch", "--list") == "* main"


def test_what_people_have_committed_to_a_proposal_is_left(repository: Repository) -> None:
    release(repository, "v1.1.0", OLDER)
    theirs = repository.commit("promote/dev", "notes.txt")
    machine = release(repository)
    assert not machine.succeeded
    assert "People have committed to promote/dev" in machine.output
    assert repository.git("rev-parse", "promote/dev") == theirs
