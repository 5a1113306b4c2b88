"""The lock from which the update workflow of a project installs shipsmith."""

import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from shipsmith.project.create import create
from shipsmith.rendering.derived import own_lock, python_lock
from shipsmith.template import location, presets, versions
from shipsmith.template.questionnaire import questions_of

from ..support import checkout
from .test_lock import command_of


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "orders"
    answers = presets.load(location.root(), "minimal").answers | {"ci": "github"}
    create(questions_of(location.root()).resolve(answers), versions.working(), folder, git=False)
    return folder


@pytest.mark.parametrize(
    ("template_version", "release"),
    [
        ("v1.4.0", "1.4.0"),
        ("v1.4.0-5-gabc1234", "1.4.0"),
        ("v1.0.0rc1", "1.0.0rc1"),
        ("v1.0.0-rc.1", "1.0.0rc1"),
        ("abc1234", version("shipsmith")),
        ("", version("shipsmith")),
    ],
)
def test_it_names_the_release_that_the_template_is_or_follows(template_version: str, release: str) -> None:
    assert own_lock.release(template_version) == release


def test_it_pins_shipsmith_and_each_dependency_the_latter_by_hash(project: Path) -> None:
    pins = {pin.name: pin.text for pin in python_lock.parse(body(project))}
    assert list(pins) == sorted(pins)
    own = pins.pop(canonicalize_name("shipsmith"))
    assert own == f"shipsmith=={own_lock.release(location.commit())}\n"
    assert all("==" in text and "--hash=sha256:" in text for text in pins.values())
    wanted = [Requirement(each) for each in requires("shipsmith") or []]
    for requirement in wanted:
        assert requirement.specifier.contains(
            pins[canonicalize_name(requirement.name)].split()[0].split("==")[1]
        )


def test_it_names_no_registry(project: Path) -> None:
    assert "://" not in body(project)


def test_a_project_without_the_workflow_has_none(tmp_path: Path) -> None:
    own_lock.write(tmp_path, versions.working())
    assert list(tmp_path.iterdir()) == []


def test_it_is_what_the_resolver_writes(tmp_path: Path, project: Path) -> None:
    """Renovate renews it by the command that it begins with; that adds only our hash."""
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)]
    repository = checkout.copy(tmp_path / "repository")
    subprocess.run(build, cwd=repository, check=True, capture_output=True)
    ours = (project / own_lock.LOCK).read_text()
    folder = (project / own_lock.LOCK).parent
    command = [*command_of(ours), "--quiet", f"--find-links={wheels}"]
    subprocess.run(command, cwd=folder, check=True)
    renewed = (project / own_lock.LOCK).read_text()
    pin = f"shipsmith=={own_lock.release(location.commit())}"
    before, after = (
        {each.name: each.text for each in python_lock.parse(text.partition("shipsmith.in\n")[2])}
        for text in (ours, renewed)
    )
    name = canonicalize_name("shipsmith")
    assert before.pop(name) == f"{pin}\n"
    assert after.pop(name).startswith(f"{pin} \\\n    --hash=sha256:")
    assert before == after


def test_an_update_moves_the_version_and_keeps_a_newer_one() -> None:
    """Renovate moves it as well, and then with its hash."""
    old, new = b"shipsmith==1.0.0\n", b"shipsmith==1.1.0\n"
    assert python_lock.merge("shipsmith.lock", old, old, new) == new
    hashed = b"shipsmith==1.1.0 \\\n    --hash=sha256:aa\n"
    assert python_lock.merge("shipsmith.lock", old, hashed, new) == hashed
    newer = b"shipsmith==1.2.0 \\\n    --hash=sha256:aa\n"
    assert python_lock.merge("shipsmith.lock", old, newer, new) == newer
    assert (
        python_lock.merge("shipsmith.lock", old, b"shipsmith==1.0.5 \\\n    --hash=sha256:aa\n", new) == new
    )


def body(project: Path) -> str:
    return (project / own_lock.LOCK).read_text().partition("shipsmith.in\n")[2]
