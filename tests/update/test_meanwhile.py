"""What people and their git do while a change is prepared, applied, and between that and `undo`."""

import shutil
from pathlib import Path

import pytest

from ..support.updates import injection
from ..support.updates.injection import Fault
from ..support.updates.small import SERVICE, Small, commit, contents, git

UPDATE = "update --to v0.2.0"
PREPARING, APPLYING = "git merge-tree", "git read-tree -m -u"


def _meanwhile(small: Small, project: Path, action: str, at: str, command: str = UPDATE) -> injection.Result:
    """Run `command`; just before it starts the git `at`, people do `action`."""
    scratch = project.parent / "scratch"
    copy = project.parent / "copy"
    git(project.parent, "clone", "-q", str(project), str(copy))
    number = next(
        number
        for number, event in enumerate(injection.run(small, copy, scratch, command).events, 1)
        if event.what.startswith(at)
    )
    (project / "own.txt").write_text("mine\n")
    return injection.run(small, project, scratch, command, Fault(number, action))


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("git commit", "HEAD moved in the meantime. Run the command again"),
        ("git commit --allow-empty", "HEAD moved in the meantime. Run the command again"),
        ("git checkout", "HEAD moved in the meantime. Run the command again"),
        ("git reset --soft", "HEAD moved in the meantime. Run the command again"),
        ("git add", "own.txt was staged while the change was being prepared"),
        ("an edit", "service.py was edited while the change was being prepared"),
        ("a new file", "untracked file added.txt would be overwritten"),
        ("git with a lock", "another git is changing this repository. Wait until it ends"),
    ],
)
def test_a_change_is_refused_if_something_moved_while_it_was_prepared(
    small: Small, project: Path, action: str, says: str
) -> None:
    """Nothing of it is written, what people did stays, and there is nothing to undo."""
    commit(project, {"mine.txt": "mine\n"})
    git(project, "branch", "other", "HEAD~1")
    result = _meanwhile(small, project, action, PREPARING)
    assert result.status == 1
    assert says in result.said
    assert (project / "helper.py").exists()
    staged = git(project, "diff", "--cached", "--name-only").split()
    assert staged == {"git add": ["own.txt"], "git reset --soft": ["mine.txt"]}.get(action, [])
    undone = small.run(project, "undo")
    assert "nothing to undo" in undone.stderr
    assert git(project, "diff", "--cached", "--name-only").split() == staged


@pytest.mark.parametrize("action", ["git add", "git commit", "git checkout"])
def test_while_files_are_changed_other_gits_are_refused(small: Small, project: Path, action: str) -> None:
    commit(project, {"mine.txt": "mine\n"})
    git(project, "branch", "other", "HEAD~1")
    head = git(project, "rev-parse", "HEAD")
    assert _meanwhile(small, project, action, APPLYING).status == 0
    assert git(project, "rev-parse", "HEAD") == head
    assert "own.txt" not in git(project, "ls-files")
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == "?? own.txt\n"


def test_a_head_that_moves_while_files_are_changed_does_not_stop_undo(small: Small, project: Path) -> None:
    """`git reset --soft` does not ask for the index."""
    commit(project, {"mine.txt": "mine\n"})
    assert _meanwhile(small, project, "git reset --soft", APPLYING).status == 0
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == "A  mine.txt\n?? own.txt\n"


def test_undo_after_a_commit_was_taken_back_that_the_change_is_based_on(small: Small, project: Path) -> None:
    """What it had changed is staged again, also in a file that is in conflict now."""
    commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
    assert small.run(project, *UPDATE.split()).returncode == 3
    git(project, "update-ref", "HEAD", "HEAD~1")
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == "M  service.py\n"
    assert (project / "service.py").read_text() == SERVICE.replace("line 3\n", "mine\n")


def test_undo_after_a_commit_of_something_else(small: Small, project: Path) -> None:
    """The change is still staged: it is not forgotten, and what was committed or staged stays."""
    before = contents(project)
    small.run(project, *UPDATE.split())
    (project / "mine.txt").write_text("mine\n")
    (project / "staged.txt").write_text("staged\n")
    git(project, "add", "mine.txt", "staged.txt")
    git(project, "commit", "-qm", "mine", "--only", "mine.txt")
    refused = small.run(project, "add", "redis")
    assert "an earlier change is not committed (Update to shipsmith v0.2.0)" in refused.stderr
    assert "Not committed yet: Update to shipsmith v0.2.0" in small.run(project, "status").stdout
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == "A  staged.txt\n"
    assert contents(project) == before | {"mine.txt": b"mine\n", "staged.txt": b"staged\n"}


def test_undo_after_the_last_commit_was_amended(small: Small, project: Path) -> None:
    small.run(project, *UPDATE.split())
    git(project, "commit", "-q", "--amend", "-m", "other words", "--only")
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""


def test_undo_on_another_branch_to_which_the_change_came_along(small: Small, project: Path) -> None:
    small.run(project, *UPDATE.split())
    git(project, "checkout", "-q", "-b", "other")
    git(project, "commit", "-q", "--amend", "-m", "other words", "--only")
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""


def test_undo_of_what_is_left_after_a_part_was_committed(small: Small, project: Path) -> None:
    small.run(project, *UPDATE.split())
    git(project, "commit", "-qm", "a part", "--only", "service.py")
    undone = small.run(project, "undo")
    assert undone.returncode == 0
    assert "Left alone, already committed: service.py" in undone.stdout
    assert git(project, "status", "--porcelain") == ""
    assert (project / "service.py").read_text() == SERVICE.replace("line 3\n", "line three\n")
    assert (project / "helper.py").exists()


def test_work_after_the_commit_is_not_undone(small: Small, project: Path) -> None:
    """Also where it is staged, and on files that the change touched."""
    small.run(project, *UPDATE.split())
    git(project, "commit", "-qm", "updated")
    (project / "service.py").write_text("work\n")
    git(project, "add", "service.py")
    before = contents(project)
    assert "nothing to undo" in small.run(project, "undo").stderr
    assert contents(project) == before
    assert git(project, "status", "--porcelain") == "M  service.py\n"


def test_work_after_the_change_was_dropped_is_not_undone(small: Small, project: Path) -> None:
    small.run(project, *UPDATE.split())
    git(project, "reset", "-q", "--hard")
    commit(project, {"mine.txt": "mine\n"})
    (project / "service.py").write_text("work\n")
    git(project, "add", "service.py")
    assert "nothing to undo" in small.run(project, "undo").stderr
    assert (project / "service.py").read_text() == "work\n"


def test_an_undo_that_is_killed_keeps_all_edits_the_second_time(small: Small, project: Path) -> None:
    """Those that the first one had put away, and those that people made after it."""
    scratch = project.parent / "scratch"
    small.run(project, *UPDATE.split())
    (project / "service.py").write_text("first\n")
    events = injection.run(small, _copy(project), scratch, "undo").events
    number = next(
        number for number, event in enumerate(events, 1) if event.what.startswith("git ls-files -t")
    )
    assert injection.run(small, project, scratch, "undo", Fault(number, "kill")).status == -9
    (project / "README.md").write_text("not of the change\n")
    (project / "logo.png").write_text("second\n")
    undone = small.run(project, "undo")
    assert "refs/shipsmith/undone" in undone.stdout
    assert git(project, "show", "refs/shipsmith/undone:service.py") == "first\n"
    assert git(project, "show", "refs/shipsmith/undone:logo.png") == "second\n"
    assert git(project, "status", "--porcelain") == " M README.md\n"


def test_a_later_undo_does_not_drop_what_an_earlier_one_kept(small: Small, project: Path) -> None:
    for text in ("first\n", "second\n"):
        small.run(project, *UPDATE.split())
        (project / "service.py").write_text(text)
        assert small.run(project, "undo").returncode == 0
    assert git(project, "show", "refs/shipsmith/undone:service.py") == "second\n"
    assert git(project, "show", "refs/shipsmith/undone@{1}:service.py") == "first\n"


def test_undo_is_refused_where_a_folder_of_the_users_would_be_lost(small: Small, project: Path) -> None:
    small.run(project, *UPDATE.split())
    (project / "service.py").unlink()
    (project / "service.py").mkdir()
    (project / "service.py/own.txt").write_text("mine\n")
    result = small.run(project, "undo")
    assert result.returncode == 1
    assert "service.py was a file and is now a folder with service.py/own.txt" in result.stderr
    (project / "service.py").rename(project / "mine")
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == "?? mine/\n"


def test_undo_is_refused_where_it_would_go_through_a_link(small: Small, project: Path) -> None:
    small.run(project, *UPDATE.split())
    (project / "scripts").rename(project.parent / "scripts")
    (project / "scripts").symlink_to(project.parent / "scripts")
    result = small.run(project, "undo")
    assert result.returncode == 1
    assert "scripts was a folder and is now a symbolic link" in result.stderr
    assert (project.parent / "scripts/run.sh").exists()


@pytest.mark.parametrize("patterns", ["--no-cone /* !/local", "src", "--sparse-index src"])
def test_undo_in_a_sparse_checkout_leaves_it_sparse(small: Small, project: Path, patterns: str) -> None:
    git(project, "sparse-checkout", "set", *patterns.split())
    before, staged = contents(project), git(project, "ls-files", "-t", "-s")
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    assert small.run(project, "undo").returncode == 0
    assert git(project, "ls-files", "-t", "-s") == staged
    assert contents(project) == before


def _copy(project: Path) -> Path:
    return shutil.copytree(project, project.parent / "copied", symlinks=True)
