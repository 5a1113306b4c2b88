"""What git says is an answer or an error, and never taken for nothing."""

import os
import subprocess
from pathlib import Path

import pytest
from shipsmith.git import runner
from shipsmith.git.process import GitError
from shipsmith.git.runner import Git


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """In a repository without a commit."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return Git(tmp_path)


def _stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A git that does what `script` says, and has no configuration."""
    (folder / "bin").mkdir()
    without_settings = 'case " $* " in *" config "*) exit 0 ;; esac'
    (folder / "bin/git").write_text(f"#!/bin/sh\n{without_settings}\n{script}\n")
    (folder / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_a_line_that_is_needed_is_never_empty(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GitError, match=r"git rev-parse failed: fatal: Needed a single revision"):
        git.line("rev-parse", "--verify", "HEAD")
    _stand_in(monkeypatch, git.folder, "exit 0")
    with pytest.raises(GitError, match=r"git write-tree failed: it printed nothing"):
        git.line("write-tree")


def test_status_1_is_an_answer_and_any_other_an_error(git: Git) -> None:
    assert git.optional("rev-parse", "--verify", "--quiet", "HEAD") == ""
    with pytest.raises(GitError, match=r"git log failed: fatal"):
        git.optional("log")


def test_the_command_that_failed_is_named(git: Git) -> None:
    with pytest.raises(GitError, match=r"^git commit-tree failed: "):
        git.line("-c", "user.name=x", "commit-tree", "HEAD")


def test_a_git_that_was_killed_is_told(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, git.folder, "kill -XFSZ $$")
    with pytest.raises(GitError, match=r"git write-tree failed: it was killed by SIGXFSZ"):
        git.line("write-tree")


def test_a_full_disk_is_called_one_whatever_git_calls_it(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, git.folder, 'echo "fatal: write error. Out of diskspace" >&2; exit 128')
    with pytest.raises(GitError, match=r"write error\. Out of diskspace$"):
        git.line("write-tree")
    monkeypatch.setattr(runner, "ENOUGH_SPACE", 1 << 80)
    with pytest.raises(GitError, match=r"Out of diskspace \(No space left on device\)$"):
        git.line("write-tree")


def test_an_object_that_is_missing_is_told(git: Git) -> None:
    oid = "1" * 40
    with pytest.raises(GitError, match=rf"the repository lacks the object {oid}"):
        git.read([oid])


def test_a_git_that_cannot_be_run_is_told(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(git.folder / "nowhere"))
    with pytest.raises(GitError, match=r"git was not found\. Install it"):
        git.run("version")
