"""What follows a change: resolve and continue, or undo; whatever happened in between, nothing is lost."""

from pathlib import Path

import pytest

from ..support.updates.small import SERVICE, Small, commit, contents, git


@pytest.fixture
def conflicted(tmp_path: Path, small: Small) -> Path:
    """A project whose update has a conflict, and whose lock and stubs must be made again."""
    project = small.project(tmp_path / "conflicted" / "orders", "grpc=true")
    commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 3
    return project


def test_derived_files_wait_until_conflicts_are_resolved(small: Small, conflicted: Path) -> None:
    assert "anyio==4.1" in (conflicted / "requirements.lock").read_text()
    (conflicted / "service.py").write_text("resolved\n")
    git(conflicted, "add", "service.py")
    assert small.run(conflicted, "continue").returncode == 0
    assert "anyio==4.2" in (conflicted / "requirements.lock").read_text()
    assert "name: str" in (conflicted / "src/orders/v1/orders_pb2.pyi").read_text()
    assert (conflicted / "service.py").read_text() == "resolved\n"
    assert git(conflicted, "diff", "--name-only") == ""
    git(conflicted, "commit", "-qm", "updated")
    assert small.run(conflicted, "update", "--to", "v0.2.0").stdout.strip() == "Nothing to change."


def test_continue_is_refused_while_conflicts_are_open(small: Small, conflicted: Path) -> None:
    git(conflicted, "add", "service.py")
    result = small.run(conflicted, "continue")
    assert result.returncode == 1
    assert "service.py: still has conflict markers" in result.stderr
    (conflicted / "service.py").write_text("resolved\n")
    result = small.run(conflicted, "continue")
    assert result.returncode == 1
    assert "git add service.py" in result.stderr


def test_continue_and_undo_say_that_there_is_nothing_to_do(small: Small, project: Path) -> None:
    for command in ("continue", "undo"):
        result = small.run(project, command)
        assert result.returncode == 1
        assert f"nothing to {command}" in result.stderr


def test_undo_after_continue_puts_everything_back(small: Small, conflicted: Path) -> None:
    before = git(conflicted, "rev-parse", "HEAD^{tree}")
    (conflicted / "service.py").write_text("resolved\n")
    git(conflicted, "add", "service.py")
    small.run(conflicted, "continue")
    assert small.run(conflicted, "undo").returncode == 0
    assert git(conflicted, "status", "--porcelain") == ""
    assert git(conflicted, "write-tree") == before


def test_undo_keeps_in_a_commit_what_was_done_since(small: Small, conflicted: Path) -> None:
    (conflicted / "service.py").write_text("half resolved, much work\n")
    (conflicted / "added.txt").write_text("edited\n")
    (conflicted / "unrelated.txt").write_text("untracked\n")
    result = small.run(conflicted, "undo")
    assert "refs/shipsmith/undone" in result.stdout
    assert git(conflicted, "show", "refs/shipsmith/undone:service.py") == "half resolved, much work\n"
    assert git(conflicted, "show", "refs/shipsmith/undone:added.txt") == "edited\n"
    assert not (conflicted / "added.txt").exists()
    assert (conflicted / "unrelated.txt").read_text() == "untracked\n"
    assert git(conflicted, "status", "--porcelain") == "?? unrelated.txt\n"


def test_undo_keeps_what_was_staged_and_what_was_edited_after_that(small: Small, conflicted: Path) -> None:
    (conflicted / "service.py").write_text("staged\n")
    git(conflicted, "add", "service.py")
    (conflicted / "service.py").write_text("edited after that\n")
    assert small.run(conflicted, "undo").returncode == 0
    assert git(conflicted, "show", "refs/shipsmith/undone:service.py") == "edited after that\n"
    assert git(conflicted, "show", "refs/shipsmith/undone^:service.py") == "staged\n"
    assert git(conflicted, "status", "--porcelain") == ""


def test_undo_leaves_other_changes_as_they_are(small: Small, project: Path) -> None:
    commit(project, {"mine.txt": "mine\n"})
    small.run(project, "update", "--to", "v0.2.0")
    (project / "mine.txt").write_text("changed\n")
    (project / "staged.txt").write_text("staged\n")
    git(project, "add", "staged.txt")
    assert small.run(project, "undo").returncode == 0
    assert (project / "mine.txt").read_text() == "changed\n"
    assert git(project, "status", "--porcelain") == " M mine.txt\nA  staged.txt\n"


def test_a_committed_change_is_not_undone(small: Small, project: Path) -> None:
    small.run(project, "update", "--to", "v0.2.0")
    git(project, "commit", "-qm", "updated")
    before = contents(project)
    assert small.run(project, "undo").returncode == 1
    assert contents(project) == before
