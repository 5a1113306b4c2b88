"""Every release can be made again: from a clone, and from what was installed, without a network."""

import os
from pathlib import Path
from shutil import rmtree

import pytest

from ..support import checkout
from ..support.command_line import left_in, shipsmith
from ..support.releases import NEW, RELEASES, files, make, run

pytestmark = pytest.mark.usefixtures("compiled_texts")


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_is_made_again_to_the_byte(
    tmp_path: Path, clone: Path, installed: Path, release: str
) -> None:
    """By what was installed, and by a clone that has moved on, as by a checkout of that release."""
    then = tmp_path / "then"
    checkout.git(clone, "clone", "--quiet", "--branch", release, str(clone), str(then))
    make(tmp_path / "expected", then / "generator")
    make(tmp_path / "from-clone", clone / "generator", "--at", release)
    make(tmp_path / "from-wheel", installed, "--at", release)
    expected = files(tmp_path / "expected")
    assert f"_commit: {release}\n".encode() in expected[".copier-answers.yml"]
    assert files(tmp_path / "from-clone") == expected
    assert files(tmp_path / "from-wheel") == expected


def test_questions_and_presets_are_those_of_the_release(tmp_path: Path, installed: Path) -> None:
    make(tmp_path / "first", installed, "--at", "v0.9.0", "--set", "edition=first")
    assert (tmp_path / "first" / "EDITION").read_text() == "first\n"
    arguments = [*NEW, "orders", "--at", "v0.1.0", "--set", "edition=first"]
    result = shipsmith(*arguments, cwd=tmp_path, PYTHONPATH=str(installed))
    assert (result.returncode, "edition: no such option" in result.stderr) == (1, True)
    owners = {
        release: make(tmp_path / release, installed, "--at", release)[".copier-answers.yml"]
        for release in ("v0.1.0", "v0.2.0")
    }
    assert b"owner: platform\n" in owners["v0.1.0"]
    assert b"owner: shipwrights\n" in owners["v0.2.0"]


def test_a_dry_run_lists_the_files_of_the_release(tmp_path: Path, installed: Path) -> None:
    listed = {
        release: shipsmith(
            *NEW, "orders", "--dry-run", "--at", release, cwd=tmp_path, PYTHONPATH=str(installed)
        ).stdout.split()
        for release in ("v0.9.0", "v0.10.0")
    }
    assert set(listed["v0.9.0"]) - set(listed["v0.10.0"]) == {"EDITION"}
    assert "requirements.lock" in listed["v0.10.0"]


def test_new_at_an_unknown_version_suggests_the_nearest(tmp_path: Path, installed: Path) -> None:
    result = shipsmith(*NEW, "orders", "--at", "0.9.0", cwd=tmp_path, PYTHONPATH=str(installed))
    assert result.returncode == 1
    assert "Did you mean 'v0.9.0'?" in result.stderr
    assert left_in(tmp_path) == []


def test_an_old_version_without_git_says_that_it_is_needed(tmp_path: Path, installed: Path) -> None:
    """The installed version itself needs none."""
    environment = {"PYTHONPATH": str(installed), "PATH": os.devnull}
    old = shipsmith(*NEW, "old", "--at", "v0.1.0", cwd=tmp_path, **environment)
    assert (old.returncode, "git was not found. Install it" in old.stderr) == (1, True)
    current = shipsmith(*NEW, "current", "--at", "v0.10.0", cwd=tmp_path, **environment)
    assert current.returncode == 0, current.stderr
    assert left_in(tmp_path) == ["current"]


def test_a_clones_line_endings_change_nothing(tmp_path: Path, clone: Path) -> None:
    """Where git checks out CRLF, what is rendered is what was committed."""
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "-c", "core.autocrlf=true", "clone", "--quiet", str(clone), str(repository))
    checkout.git(repository, "config", "core.autocrlf", "true")
    make(tmp_path / "here", repository / "generator", "--at", "v0.10.0")
    make(tmp_path / "there", clone / "generator", "--at", "v0.10.0")
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_an_installation_updates_an_old_project_without_a_network(tmp_path: Path, installed: Path) -> None:
    for name in ("old", "fresh"):
        (tmp_path / name).mkdir()
    project = tmp_path / "old" / "orders"
    make(project, installed, "--at", "v0.2.0")
    checkout.git(project, "init", "--quiet")
    checkout.commit(project, "made")
    run(installed, "update", str(project), "--defaults", cwd=tmp_path)
    rmtree(project / ".git")
    assert files(project) == make(tmp_path / "fresh" / "orders", installed)
