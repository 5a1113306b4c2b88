"""The generated Renovate configuration finds what a repository depends on, and leaves out the template."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shipsmith.project.create import create
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template import versions as history
from shipsmith.template.questionnaire import questions_of

Found = set[tuple[str, str]]

# A pinned tool or image, however it is written: wider than what the configuration looks for
PINNED = re.compile(r"([\w-]+)(?:==|:)(\d+(?:\.\d+)+[\w.-]*)")


@pytest.fixture(scope="module", params=["minimal", "full"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    preset = presets.load(source.root(), request.param).answers
    folder = tmp_path_factory.mktemp("renovate") / "orders"
    create(
        questions_of(source.root()).resolve({**preset, "ci": "github"}), history.working(), folder, git=False
    )
    return folder


@pytest.fixture(scope="module")
def configuration(project: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project / "renovate.json").read_text())
    return content


def test_one_of_renovate_and_the_workflow_brings_new_versions_of_the_template(
    project: Path, configuration: dict[str, Any]
) -> None:
    assert (project / ".github" / "workflows" / "update.yaml").exists()
    assert configuration["copier"] == {"enabled": False}


def test_it_renews_each_lock(project: Path, configuration: dict[str, Any]) -> None:
    """By the command that the lock begins with, which test_lock.py runs."""
    locks = {path.relative_to(project).as_posix() for path in project.rglob("*.lock")}
    assert set(matching(project, configuration["pip-compile"]["managerFilePatterns"])) == locks
    assert locks == {"requirements.lock", "requirements-dev.lock", ".github/shipsmith.lock"}


def test_it_finds_each_image_that_a_compose_file_or_a_test_names(
    project: Path, configuration: dict[str, Any]
) -> None:
    composed = {path.relative_to(project).as_posix() for path in project.glob("compose/*.yaml")}
    assert set(matching(project, configuration["docker-compose"]["managerFilePatterns"])) == composed
    servers = [path.read_text() for path in project.glob("tests/servers/*.py")]
    assert found_by(project, configuration, "docker") == pinned(servers)


def test_it_finds_each_tool_that_make_fetches(project: Path, configuration: dict[str, Any]) -> None:
    fetched = pinned((project / "Makefile").read_text().splitlines())
    assert found_by(project, configuration, "pypi") == fetched != set()


def pinned(texts: list[str]) -> Found:
    return {(match[1], match[2]) for text in texts for match in PINNED.finditer(text)}


def found_by(project: Path, configuration: dict[str, Any], datasource: str) -> Found:
    """What the custom managers of a kind find, by name and version."""
    return {
        (match["depName"], match["currentValue"])
        for manager in configuration["customManagers"]
        if manager["datasourceTemplate"] == datasource
        for path in matching(project, manager["managerFilePatterns"])
        for expression in manager["matchStrings"]
        for match in re.finditer(expression.replace("(?<", "(?P<"), (project / path).read_text())
    }


def matching(project: Path, patterns: list[str]) -> Iterator[str]:
    """The paths that match one of Renovate's patterns, each a regular expression between slashes."""
    for path in project.rglob("*"):
        name = path.relative_to(project).as_posix()
        if path.is_file() and any(re.search(pattern.strip("/"), name) for pattern in patterns):
            yield name
