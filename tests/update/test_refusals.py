"""Where a project cannot be changed, shipsmith says all that is in the way, and touches nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ..support.updates.small import Small, commit, contents, git


def edit(project: Path) -> None:
    (project / "service.py").write_text("edited\n")


def stage(project: Path) -> None:
    (project / "new.txt").write_text("staged\n")
    git(project, "add", "new.txt")


def forget_history(project: Path) -> None:
    shutil.rmtree(project / ".git")
    git(project, "init", "-q")


def leave_git(project: Path) -> None:
    shutil.rmtree(project / ".git")


def leave_a_merge_open(project: Path) -> None:
    git(project, "checkout", "-qb", "other")
    commit(project, {"mine.txt": "other\n"})
    git(project, "checkout", "-q", "main")
    commit(project, {"own.txt": "main\n"})
    git(project, "merge", "-q", "--no-commit", "--no-ff", "other")


def put_a_file_in_the_way(project: Path) -> None:
    (project / "added.txt").write_text("not known to git\n")


def put_a_file_in_the_way_of_a_folder(project: Path) -> None:
    (project / "adapters").write_text("not known to git\n")


def lose_the_version(project: Path) -> None:
    text = (project / ".copier-answers.yml").read_text()
    commit(project, {".copier-answers.yml": text.replace("_commit: v0.1.0\n", "")})


def come_from_elsewhere(project: Path) -> None:
    text = (project / ".copier-answers.yml").read_text()
    commit(project, {".copier-answers.yml": text.replace("shipsmith/shipsmith", "someone/else")})


def break_the_record(project: Path) -> None:
    commit(project, {".copier-answers.yml": "a: [\n"})


def come_from_the_future(project: Path) -> None:
    text = (project / ".copier-answers.yml").read_text()
    commit(project, {".copier-answers.yml": text.replace("v0.1.0", "v7.0.0")})


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (edit, "uncommitted changes (service.py). Commit or stash"),
        (stage, "uncommitted changes (new.txt)"),
        (forget_history, "no commit yet"),
        (leave_git, "not in a usable git repository"),
        (leave_a_merge_open, "a merge (git merge --continue, or --abort) is in progress"),
        (put_a_file_in_the_way, "untracked file added.txt would be overwritten"),
        (lose_the_version, "has no version"),
        (come_from_elsewhere, "made from https://github.com/someone/else.git, not by shipsmith"),
        (break_the_record, "is not valid YAML"),
        (come_from_the_future, "v7.0.0"),
    ],
)
def test_an_update_is_refused(
    small: Small, project: Path, prepare: Callable[[Path], None], says: str
) -> None:
    prepare(project)
    before = contents(project)
    result = small.run(project, "update", "--to", "v0.2.0")
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert contents(project) == before


def test_a_folder_that_cannot_be_made_is_told(small: Small, project: Path) -> None:
    put_a_file_in_the_way_of_a_folder(project)
    result = small.run(project, "add", "redis")
    assert result.returncode == 1
    assert "untracked file adapters would be overwritten" in result.stderr


def test_an_older_version_is_refused(tmp_path: Path, small: Small) -> None:
    project = small.project(tmp_path / "orders", version="v0.2.0")
    result = small.run(project, "update", "--to", "v0.1.0")
    assert result.returncode == 1
    assert "v0.1.0 is older" in result.stderr


def test_a_submodule_is_refused(tmp_path: Path, small: Small, project: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(project), "orders")
    git(outer, "commit", "-qm", "with a submodule")
    result = small.run(outer / "orders", "update", "--to", "v0.2.0")
    assert result.returncode == 1
    assert "is a submodule" in result.stderr


def test_all_reasons_are_told_at_once(small: Small, project: Path) -> None:
    leave_a_merge_open(project)
    edit(project)
    result = small.run(project, "update", "--to", "v0.2.0")
    assert "a merge" in result.stderr
    assert "uncommitted changes" in result.stderr


def test_a_change_that_is_not_committed_is_not_followed_by_another(small: Small, project: Path) -> None:
    assert small.run(project, "add", "redis").returncode == 0
    result = small.run(project, "add", "grpc")
    assert result.returncode == 1
    assert "an earlier change is not committed (Add redis)" in result.stderr
    assert small.run(project, "undo").returncode == 0
    assert small.run(project, "add", "grpc").returncode == 0
