"""Inside another repository, `new` creates none, says so, and records the folder."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from ..support.command_line import left_in, shipsmith

NEW = ("--defaults", "--preset", "minimal")
GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost")


def git(folder: Path, *arguments: str) -> str:
    command = [*GIT, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def recorded_folder(project: Path) -> str | None:
    answers: dict[str, str] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers.get("repository_folder")


@pytest.fixture
def outer(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", str(tmp_path / "outer"))
    return tmp_path / "outer"


@pytest.mark.parametrize("exists", [False, True], ids=["a new folder", "an empty folder"])
@pytest.mark.parametrize("flags", [(), ("--no-git",)], ids=["", "no-git"])
def test_no_repository_is_created_in_another_one(outer: Path, exists: bool, flags: tuple[str, ...]) -> None:
    if exists:
        (outer / "services/orders").mkdir(parents=True)
    result = shipsmith("new", "services/orders", *NEW, *flags, cwd=outer)
    assert result.returncode == 0, result.stderr
    assert f"{outer} is a repository already, so none is created in it" in result.stdout
    assert not (outer / "services/orders/.git").exists()
    git(outer, "add", ".")
    assert "services/orders/Makefile" in git(outer, "ls-files").split()
    assert recorded_folder(outer / "services/orders") == "services/orders"


def test_the_proposed_command_adds_the_project(outer: Path, tmp_path: Path) -> None:
    result = shipsmith("new", "outer/it's/orders", "--defaults", "--preset", "minimal", cwd=tmp_path)
    assert (result.returncode, "cannot be named in workflows" in result.stderr) == (1, True)
    assert not (outer / "it's").exists()
    result = shipsmith("new", "outer/the/orders", *NEW, cwd=tmp_path)
    (line,) = [line for line in result.stdout.splitlines() if "To commit the project: " in line]
    subprocess.run(line.partition("the project: ")[2], shell=True, cwd=tmp_path, check=True)
    assert "the/orders/Makefile" in git(outer, "ls-files").split()


def test_json_and_the_dry_run_say_it_too(outer: Path) -> None:
    previewed = json.loads(shipsmith("new", "a/orders", *NEW, "--json", "--dry-run", cwd=outer).stdout)
    assert left_in(outer) == [".git"]
    made = json.loads(shipsmith("new", "a/orders", *NEW, "--json", cwd=outer).stdout)
    assert previewed | {"written": True} == made
    assert made["repository"] == {
        "folder": str(outer),
        "subfolder": "a/orders",
        "created": False,
        "committed": False,
    }
    assert made["answers"]["repository_folder"] == "a/orders"
    alone = json.loads(shipsmith("new", "orders", *NEW, "--json", "--dry-run", cwd=outer.parent).stdout)
    assert (alone["repository"]["created"], alone["answers"]["repository_folder"]) == (True, "")


def test_files_that_the_outer_repository_ignores_are_named(outer: Path) -> None:
    (outer / ".gitignore").write_text("*.lock\n/services/*/docs/\n")
    result = json.loads(shipsmith("new", "services/orders", *NEW, "--json", cwd=outer).stdout)
    assert "requirements.lock" in result["ignored"]
    assert any(path.startswith("docs/") for path in result["ignored"])
    git(outer, "add", ".")
    ignored = set(git(outer, "ls-files", "--others", "--ignored", "--exclude-standard").split())
    assert {f"services/orders/{path}" for path in result["ignored"]} == ignored
    printed = shipsmith("new", "services/billing", *NEW, cwd=outer)
    assert "of its files are ignored there; git add --force adds them" in printed.stdout


@pytest.mark.parametrize("pattern", ["build/", "build", "/build/*", "orders", "orders/", "*"])
def test_where_the_outer_repository_ignores_the_folder_the_project_has_its_own(
    outer: Path, pattern: str
) -> None:
    """Such as experiments, or a home folder whose repository holds single files."""
    (outer / ".gitignore").write_text(f"{pattern}\n")
    result = shipsmith("new", "build/orders", *NEW, cwd=outer)
    assert result.returncode == 0, result.stderr
    assert (outer / "build/orders/.git").is_dir()
    assert recorded_folder(outer / "build/orders") is None
    assert git(outer, "status", "--porcelain", "build") == ""


def test_a_worktree_is_a_repository_as_well(outer: Path, tmp_path: Path) -> None:
    git(outer, "commit", "-q", "--allow-empty", "-m", "first")
    git(outer, "worktree", "add", "-q", str(tmp_path / "tree"))
    assert shipsmith("new", "tree/orders", *NEW, cwd=tmp_path).returncode == 0
    assert not (tmp_path / "tree/orders/.git").exists()
    assert recorded_folder(tmp_path / "tree/orders") == "orders"


def test_a_folder_that_only_looks_like_a_repository_is_none(tmp_path: Path) -> None:
    (tmp_path / "work/.git").mkdir(parents=True)
    assert shipsmith("new", "work/orders", *NEW, cwd=tmp_path).returncode == 0
    assert (tmp_path / "work/orders/.git").is_dir()


def test_a_repository_that_git_refuses_is_explained(outer: Path) -> None:
    (outer / ".git/config").write_text("[core]\nrepositoryformatversion = 99\n")
    result = shipsmith("new", "orders", *NEW, cwd=outer)
    assert (result.returncode, "in a repository that git cannot use" in result.stderr) == (1, True)
    assert "Traceback" not in result.stderr
    assert left_in(outer) == [".git"]


def test_hooks_and_programs_of_the_outer_repository_do_not_run(outer: Path, tmp_path: Path) -> None:
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned\n")
    program.chmod(0o755)
    git(outer, "config", "core.fsmonitor", str(program))
    git(outer, "config", "core.pager", str(program))
    assert shipsmith("new", "orders", *NEW, cwd=outer).returncode == 0
    assert not (tmp_path / "pwned").exists()


def test_answers_of_another_project_do_not_bring_its_folder(outer: Path, tmp_path: Path) -> None:
    shipsmith("new", "services/orders", *NEW, cwd=outer)
    answers = outer / "services/orders/.copier-answers.yml"
    result = shipsmith("new", "alone", *NEW, "--answers", answers, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert recorded_folder(tmp_path / "alone") is None
    refused = shipsmith("new", "set", *NEW, "--set", "repository_folder=a", cwd=tmp_path)
    assert (refused.returncode, "follows from the destination" in refused.stderr) == (1, True)


@pytest.mark.parametrize("folder", ["it's", "a b", "größe", "a;b", "$(x)", "-a", "a" * 61])
def test_a_folder_that_workflows_cannot_name_is_refused(outer: Path, folder: str) -> None:
    result = shipsmith("new", os.path.join(".", folder, "orders"), *NEW, cwd=outer)
    assert (result.returncode, "repository_folder: " in result.stderr) == (1, True)
    assert left_in(outer) == [".git"]
