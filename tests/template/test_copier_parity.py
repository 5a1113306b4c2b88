"""Plain copier, from the template's git repository, renders what we render."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from shipsmith.project.checksum import checksum, recorded_checksum
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template.questionnaire import questions_of

from ..support import checkout, preloaded
from ..support.once import once
from ..support.services import projects

DERIVED = (
    "requirements.lock",
    "requirements-dev.lock",
    "shipsmith.lock",
    "_pb2.py",
    "_pb2.pyi",
    "_pb2_grpc.py",
)
COPIER = [sys.executable, "-m", "copier"]


@pytest.fixture(scope="module")
def template() -> Path:
    """A git repository of the template as it is in this checkout, with a release."""

    def make(folder: Path) -> None:
        checkout.git(checkout.copy(folder / "shipsmith"), "tag", "v0.1.0")

    return once("checkout", make) / "shipsmith"


@pytest.mark.parametrize("preset", ["minimal", "service", "event-driven", "full"])
def test_copier_copy_gives_the_same_bytes(tmp_path: Path, template: Path, preset: str) -> None:
    answers = questions_of(source.root()).resolve(presets.load(source.root(), preset).answers)
    data = [
        f"--data={name}={value}" for name, value in answers.items() if name not in ("resources", "numbers")
    ]
    copy = [*COPIER, "copy", "--defaults", "--quiet", *data]
    projects.run(*copy, f"git+file://{template}", "copied", directory=tmp_path)

    # the same release, run from its own repository
    new = ["new", "made", "--no-git", "--defaults", "--preset", preset, "--set", "service_name=orders"]
    result = preloaded.run(preloaded.with_template(template), new, tmp_path, os.environ)
    assert result.returncode == 0, result.stderr

    copied, made = files(tmp_path / "copied"), files(tmp_path / "made")
    assert copied == {path: content for path, content in made.items() if not path.endswith(DERIVED)}
    assert made[".copier-answers.yml"].count(b"_commit: v0.1.0\n") == 1


def test_copier_update_keeps_the_checksum_of_the_answers_right(tmp_path: Path, template: Path) -> None:
    newer = shutil.copytree(template, tmp_path / "newer")
    project = tmp_path / "orders"
    # of few files: copier renders each of them three times
    data = [f"--data={name}={value}" for name, value in presets.load(template, "minimal").answers.items()]
    copy = [*COPIER, "copy", "--defaults", *data, f"git+file://{template}", str(project)]
    projects.run(*copy, directory=tmp_path)
    before = recorded_checksum((project / ".copier-answers.yml").read_text())
    checkout.git(project, "init", "--quiet")
    checkout.commit(project, "start")
    checkout.release(newer, "v0.2.0")

    from_newer = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{newer}.insteadOf",
        "GIT_CONFIG_VALUE_0": source.PUBLIC_URL,
        # that of the user has one template for the address, whichever test fetched last
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    update = [*COPIER, "update", "--defaults", "--data=cache=redis"]
    projects.run(*update, directory=project, environment=from_newer)

    text = (project / ".copier-answers.yml").read_text()
    answers = yaml.safe_load(text)
    assert (answers["_commit"], answers["cache"]) == ("v0.2.0", "redis")
    assert recorded_checksum(text) == checksum(answers) != before


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
