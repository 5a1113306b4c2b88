"""An update that is killed, or run twice at once, leaves a repository that one command makes whole."""

import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from ..support import preloaded
from ..support.updates.small import SERVICE, Small, commit, contents, git

# in all 100, in parts that can run at the same time
PARTS, MOMENTS = 2, 25
# seconds that files take to be changed, and more
CHANGING = 0.1


@pytest.mark.parametrize("part", range(PARTS))
def test_sigkill_at_any_moment_loses_nothing(small: Small, project: Path, part: int) -> None:
    duration = _duration(small, project)

    def wait(moments: random.Random) -> None:
        time.sleep(moments.uniform(0, duration))

    _kill_often(small, project, part, wait)


@pytest.mark.parametrize("part", range(PARTS))
def test_sigkill_while_files_are_changed_loses_nothing(small: Small, project: Path, part: int) -> None:
    journal = project / ".git/shipsmith/change.json"

    def wait(moments: random.Random) -> None:
        _wait_for(journal)
        time.sleep(moments.uniform(0, CHANGING))

    assert _kill_often(small, project, part, wait) == MOMENTS


def _kill_often(small: Small, project: Path, seed: int, wait: Callable[[random.Random], None]) -> int:
    """Kill updates after `wait`, and see that all is as before; how often there was something to undo.

    Half of the times git is killed as well, in the middle of its work; else it ends what it does.
    """
    commit(project, {"service.py": SERVICE.replace("line 20\n", "mine\n"), "own.txt": "mine\n"})
    before, refs = contents(project), _refs(project)
    moments = random.Random(seed)
    undone = 0
    for number in range(MOMENTS):
        process = _start(small, project)
        wait(moments)
        kill = os.killpg if number % 2 else os.kill
        with suppress(ProcessLookupError):
            kill(process.pid, signal.SIGKILL)
        process.wait()
        undone += _made_whole(small, project)
        assert contents(project) == before, number
        assert git(project, "status", "--porcelain") == "", number
        assert _refs(project) == refs, number
    git(project, "fsck", "--strict")
    return undone


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} did not appear"
        time.sleep(0.001)


def test_an_interrupted_update_says_how_to_go_on(small: Small, project: Path) -> None:
    """The journal says that an update was being applied when it ended, and git's index is locked."""
    _interrupt(small, project, "applying")
    result = small.run(project, "update", "--to", "v0.2.0")
    assert result.returncode == 1
    assert "was interrupted (Update to shipsmith v0.2.0). Undo it first: shipsmith undo" in result.stderr
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""


def test_an_undo_that_was_killed_is_done_again(small: Small, project: Path) -> None:
    _interrupt(small, project, "undoing")
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""
    assert not os.path.lexists(project / ".git/index.lock")


@pytest.mark.parametrize("command", ["update --to v0.2.0", "continue", "undo"])
def test_the_lock_of_a_running_git_is_never_removed(small: Small, project: Path, command: str) -> None:
    """An empty one is what git makes first: nobody can tell whether it runs."""
    if command != "update --to v0.2.0":
        commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
        assert small.run(project, "update", "--to", "v0.2.0").returncode == 3
        git(project, "add", "service.py")
        (project / "service.py").write_text("resolved\n")
        git(project, "add", "service.py")
    lock = project / ".git/index.lock"
    lock.write_bytes(b"")
    before = contents(project)
    result = small.run(project, *command.split())
    assert result.returncode == 1
    assert f"{lock} exists: another git is changing this repository" in result.stderr
    assert "If no git is running, a crashed one left the file: remove it first" in result.stderr
    assert lock.is_file()
    assert contents(project) == before
    lock.unlink()
    assert small.run(project, *command.split()).returncode == 0


def _interrupt(small: Small, project: Path, phase: str) -> None:
    """Make the repository what a process leaves that is killed in this phase."""
    small.run(project, "update", "--to", "v0.2.0")
    journal = project / ".git/shipsmith/change.json"
    journal.write_text(journal.read_text().replace('"applied"', f'"{phase}"'))
    (project / ".git/index.lock").symlink_to("shipsmith/lock")


def test_of_two_updates_at_once_one_is_refused_and_the_other_whole(small: Small, project: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: small.run(project, "update", "--to", "v0.2.0"), range(4)))
    assert [result.returncode for result in results].count(0) >= 1
    assert all(
        result.returncode == 0 or "another shipsmith" in result.stderr or "not committed" in result.stderr
        for result in results
    )
    assert (project / "service.py").read_text() == SERVICE.replace("line 3\n", "line three\n")
    assert git(project, "diff", "--name-only") == ""


def test_twenty_updates_at_once_from_a_cold_cache_are_all_right(tmp_path: Path, small: Small) -> None:
    first = small.project(tmp_path / "0" / "orders")
    projects = [first]
    for number in range(1, 20):
        (tmp_path / str(number)).mkdir()
        git(tmp_path / str(number), "clone", "-q", str(first), "orders")
        projects.append(tmp_path / str(number) / "orders")
    cold = Small(small.template, tmp_path / "cold")
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda project: cold.run(project, "update", "--to", "v0.2.0"), projects))
    assert [result.returncode for result in results] == [0] * 20, [result.stderr for result in results]
    expected = contents(first)
    assert expected["service.py"].decode() == SERVICE.replace("line 3\n", "line three\n")
    assert all(contents(project) == expected for project in projects)


def _start(small: Small, project: Path) -> preloaded.Process:
    with open(os.devnull, "wb") as nothing:
        return preloaded.Process(
            small.program, ["update", "--to", "v0.2.0"], project, small.environment, nothing, nothing
        )


def _duration(small: Small, project: Path) -> float:
    """Seconds that an update takes here; it is undone again."""
    started = time.monotonic()
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    duration = time.monotonic() - started
    assert small.run(project, "undo").returncode == 0
    return duration


def _made_whole(small: Small, project: Path) -> bool:
    """Undo what there is to undo, once git has ended; whether there was something."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        result = small.run(project, "undo")
        if "another shipsmith" not in result.stderr:
            return result.returncode == 0
        time.sleep(0.05)
    raise AssertionError("the lock is still held")


def _refs(project: Path) -> list[str]:
    """All refs but our own, which names what `undo` found."""
    return [line for line in git(project, "for-each-ref").splitlines() if "refs/shipsmith/" not in line]
