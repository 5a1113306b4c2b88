"""However `new` ends, its destination holds a whole project or does not exist."""

import os
import random
import resource
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from shipsmith.errors import UserError
from shipsmith.project import workspace
from shipsmith.project.create import create
from shipsmith.template import location, versions
from shipsmith.template.questionnaire import questions_of

from ..support import preloaded
from ..support.command_line import SHIPSMITH, left_in, shipsmith

NEW = [*SHIPSMITH, "new", "orders", "--defaults", "--preset", "minimal"]
KILLS = 50
INTERRUPTIONS = 12


def whole(project: Path) -> bool:
    """Whether nothing of a committed project is missing."""
    check = ["git", "-C", str(project), "status", "--porcelain"]
    status = subprocess.run(check, capture_output=True, check=False)
    return status.returncode == 0 and not status.stdout and (project / "requirements.lock").is_file()


def _start(folder: Path) -> preloaded.Process:
    with open(os.devnull, "wb") as nothing:
        return preloaded.Process(
            preloaded.SHIPSMITH, NEW[len(SHIPSMITH) :], folder, os.environ, nothing, nothing
        )


def test_a_killed_run_leaves_nothing_or_everything(tmp_path: Path) -> None:
    """SIGKILL at moments spread at random over a whole run; the next run removes what was left."""
    started = time.monotonic()
    assert _start(tmp_path).wait() == 0
    seconds = time.monotonic() - started
    moments = random.Random(2026)
    outcomes = []
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = _start(folder)
        time.sleep(moments.uniform(0, seconds * 1.05))
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        made = folder / "orders"
        assert not made.exists() or whole(made)
        outcomes.append(made.exists())
        leftovers = [name for name in left_in(folder) if name != "orders"]
        assert all(name.startswith(".orders.shipsmith-") for name in leftovers)
    assert not all(outcomes)


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".orders.shipsmith-dead" / "orders").mkdir(parents=True)
    (tmp_path / ".other.shipsmith-dead").mkdir()
    shipsmith("new", "orders", "--defaults", "--preset", "minimal", cwd=tmp_path)
    assert left_in(tmp_path) == [".other.shipsmith-dead", "orders"]


def test_the_workspace_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    with workspace.workspace(tmp_path / "orders") as first:
        with workspace.workspace(tmp_path / "orders") as second:
            assert first.is_dir()
            assert second.is_dir()
        assert first.is_dir()
    assert left_in(tmp_path) == []


ATTEMPTS = 5


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, signum: int, status: int) -> None:
    for attempt in range(ATTEMPTS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        process = subprocess.Popen(NEW, cwd=folder, stderr=subprocess.PIPE)
        while not left_in(folder):
            time.sleep(0.001)
        process.send_signal(signum)
        _, errors = process.communicate()
        # on a busy machine the run can be over before the signal is sent
        if process.returncode:
            break
    assert process.returncode == status
    assert b"Traceback" not in errors
    assert left_in(folder) == []


def test_an_interruption_at_any_moment_leaves_nothing_or_everything(tmp_path: Path) -> None:
    """And the exit status says which of the two."""
    moments = random.Random(2026)
    for number in range(INTERRUPTIONS):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = subprocess.Popen(NEW, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.2, 1.5))
        process.send_signal(signal.SIGINT)
        if process.wait() == 0:
            assert whole(folder / "orders")
        else:
            assert left_in(folder) == []


def test_of_two_runs_at_once_one_wins_whole(tmp_path: Path) -> None:
    processes = [subprocess.Popen(NEW, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 1]
    assert b"Traceback" not in b"".join(errors)
    assert left_in(tmp_path) == ["orders"]
    assert whole(tmp_path / "orders")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the locks are written: late, when most of the project is there."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "requirements.lock")

    monkeypatch.setattr("shipsmith.rendering.derived.python_lock.prune", full)
    answers = questions_of(location.root()).resolve({})
    with pytest.raises(OSError, match="No space left"):
        create(answers, versions.working(), tmp_path / "orders")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("kibibytes", [1, 4, 64])
def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, kibibytes: int) -> None:
    """As where there is a quota: what grows too large is the first file, then one of the last."""
    limit = kibibytes * 1024

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    new = [*SHIPSMITH, "new", "orders", "--defaults", "--preset", "full"]
    result = subprocess.run(
        new, cwd=tmp_path, preexec_fn=limited, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (result.returncode, "File too large" in result.stderr) == (1, True)
    assert "Traceback" not in result.stderr
    assert left_in(tmp_path) == []


def test_a_failing_commit_leaves_nothing(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    git = tools / "git"
    git.write_text("#!/bin/sh\ncase \"$*\" in *commit*) echo 'disk is full' >&2; exit 1;; esac\n")
    git.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    (tmp_path / "work").mkdir()
    result = shipsmith("new", "orders", "--defaults", cwd=tmp_path / "work", PATH=path)
    assert (result.returncode, "disk is full" in result.stderr) == (1, True)
    assert left_in(tmp_path / "work") == []


def test_a_destination_that_appears_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    with workspace.workspace(tmp_path / "orders") as project:
        (project / "file").touch()
        (tmp_path / "orders").mkdir()
        (tmp_path / "orders" / "mine").touch()
        with pytest.raises(UserError, match="appeared in the meantime"):
            workspace.publish(project, tmp_path / "orders")
    assert left_in(tmp_path / "orders") == ["mine"]


def test_what_is_our_fault_is_said_to_be(tmp_path: Path) -> None:
    """A template that asks for a package that its universe lacks."""
    program = (
        "import sys; from shipsmith import __main__\n"
        "from shipsmith.rendering.derived import python_lock\n"
        "python_lock.parse = lambda text: []\n"
        "sys.argv = ['shipsmith', 'new', 'orders', '--defaults']\n"
        "__main__.main()\n"
    )
    command = [*SHIPSMITH[:1], "-c", program]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 70
    assert "internal error" in result.stderr
    assert "Traceback" not in result.stderr
    assert left_in(tmp_path) == []
