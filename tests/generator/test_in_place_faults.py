"""However filling a folder in place ends, the folder has a whole project or what was there before.

Each action of it (a file opened to write, renamed, removed, each start of git, and so on) fails once, or the
process is killed there.
"""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shipsmith.errors import UserError
from shipsmith.project import create as creating
from shipsmith.project import filling
from shipsmith.template import versions

GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost")
FILES = {
    "README.md": "# orders\n" * 2000,
    ".gitignore": ".env\n",
    "run.sh": "#!/bin/sh\n",
    "src/orders/__init__.py": "",
    "src/orders/main.py": "x = 1\n",
    "LICENSE": "MIT\n",
}
TOUCHING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "subprocess.Popen", "shutil.rmtree"}
GROWING = {"open", "os.mkdir"}
KINDS = ("empty", "empty, without git", "clone", "clone, without git", "clone without commits")
Snapshot = dict[str, tuple[int, bytes]]


def git(folder: Path, *arguments: str) -> str:
    command = [*GIT, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def make(folder: Path, *_: object) -> list[str]:
    """A stand-in for rendering."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "run.sh").chmod(0o755)
    return creating.paths(folder)


@pytest.fixture(scope="module", autouse=True)
def rendered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(creating, "_make", make)
        yield


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, kind: str) -> Path:
    folder = tmp_path_factory.mktemp("first")
    if "clone" in kind:
        git(folder, "init", "-q", "-b", "trunk")
    if kind.startswith("clone") and "commits" not in kind:
        for name, text in {"README.md": "# Shop\n", ".gitignore": "*.pdb\n", "LICENSE": "MIT\n"}.items():
            (folder / name).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-qm", "Initial commit")
    return folder


@pytest.fixture
def prepared(tmp_path: Path, first: Path) -> Path:
    """A folder before it is filled."""
    return Path(shutil.copytree(first, tmp_path / "orders"))


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory, first: Path, kind: str) -> Path:
    """One whose filling was killed as late as possible before its last step."""
    folder = tmp_path_factory.mktemp("late")
    found_late = None
    for each, _ in copies(first, folder, kind, "kill"):
        if "without git" in kind:
            is_done = (each / "src/orders/main.py").exists()
        elif "clone" in kind:
            is_done = git(each, "for-each-ref") != git(first, "for-each-ref")
        else:
            is_done = (each / ".git").exists()
        found_late = found_late if is_done else each
    assert found_late
    assert (found_late / "run.sh").exists()
    return found_late


@pytest.fixture
def killed(tmp_path: Path, late: Path) -> Path:
    return Path(shutil.copytree(late, tmp_path / "killed"))


def found(folder: Path) -> Snapshot:
    """The files with their rights, and what git says; objects that nothing refers to do not count."""
    files = {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
        if ".git" not in path.relative_to(folder).parts
    }
    if (folder / ".git").exists():
        for question in (["status", "--porcelain", "--ignored"], ["for-each-ref"], ["ls-files", "-s"]):
            files[" ".join(question)] = (0, git(folder, *question).encode())
    return files


class Faults:
    """Numbers the actions below a folder, and lets one of them fail."""

    def __init__(self, folder: Path, at: int, fault: str) -> None:
        self.folder, self.at, self.fault, self.number = str(folder), at, fault, 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_write = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if not is_write and event not in TOUCHING:
            return
        if event != "subprocess.Popen" and not str(arguments[0]).startswith(self.folder):
            return
        self.number += 1
        is_later = self.fault == "full" and self.number > self.at and event in GROWING
        if self.number == self.at or is_later:
            if self.fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if event == "shutil.rmtree":  # fails without an error
                return
            raise OSError(errno.ENOSPC, "No space left on device")


def in_a_child(action: Callable[[], object], folder: Path, at: int = 0, fault: str = "") -> tuple[int, int]:
    """The exit status, negative if a signal ended it, and the number of actions."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        status, faults = 1, Faults(folder, at, fault)
        try:
            sys.addaudithook(faults)
            action()
            status = 0
        except (OSError, UserError):
            status = 2
        finally:
            os.write(writer, str(faults.number).encode())
            os._exit(status)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        return os.waitstatus_to_exitcode(status), int(stream.read() or 0)


def repair(folder: Path) -> Callable[[], object]:
    def run() -> None:
        with filling.alone(folder):
            pass

    return run


def fill(folder: Path, kind: str) -> Callable[[], object]:
    return lambda: creating.create({}, versions.working(), folder, git="without git" not in kind)


def copies(first: Path, within: Path, kind: str, fault: str) -> Iterator[tuple[Path, int]]:
    """Copies of what was prepared, each filled with a fault at another action; and how that ended."""
    counted = Path(shutil.copytree(first, within / "counted" / "orders"))
    status, actions = in_a_child(fill(counted, kind), counted)
    assert status == 0
    assert actions > 20
    for at in range(1, actions + 1):
        folder = Path(shutil.copytree(first, within / str(at) / "orders"))
        status, _ = in_a_child(fill(folder, kind), folder, at, fault)
        yield folder, status


def is_whole(folder: Path, kind: str) -> bool:
    has = all((folder / path).is_file() for path in FILES)
    clean = "without git" in kind or git(folder, "status", "--porcelain", "--ignored") == ""
    return has and clean and (folder / "src/orders/main.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("fault", ["error", "full"])
def test_an_error_at_any_action_leaves_what_was_there(
    tmp_path: Path, first: Path, kind: str, fault: str
) -> None:
    """`full`: from then on, nothing can be written."""
    before = found(first)
    ends = set()
    for folder, status in copies(first, tmp_path, kind, fault):
        assert status in (0, 2)
        if status == 0:
            assert is_whole(folder, kind)
        else:
            assert found(folder) == before
        assert not (folder / filling.WORKSPACE).exists()
        ends.add(status)
    assert 2 in ends


def test_the_next_run_repairs_what_a_killed_one_left(tmp_path: Path, first: Path, kind: str) -> None:
    before = found(first)
    ends = set()
    for folder, status in copies(first, tmp_path, kind, "kill"):
        assert status == -signal.SIGKILL
        repaired, _ = in_a_child(repair(folder), folder)
        assert repaired == 0
        assert not (folder / filling.WORKSPACE).exists()
        whole = found(folder) != before
        assert not whole or is_whole(folder, kind)
        ends.add(whole)
    assert ends == {True, False}


def test_a_repair_that_is_killed_is_repaired_as_well(tmp_path: Path, first: Path, late: Path) -> None:
    before = found(first)
    counted = Path(shutil.copytree(late, tmp_path / "counted"))
    _, actions = in_a_child(repair(counted), counted)
    assert actions > len(FILES)
    for at in range(1, actions + 1):
        folder = Path(shutil.copytree(late, tmp_path / str(at)))
        for fault in (at, 0):
            in_a_child(repair(folder), folder, fault, "kill")
        assert found(folder) == before


@pytest.mark.parametrize("edited", ["README.md", "run.sh"])
def test_a_file_that_was_edited_after_a_kill_is_never_removed(first: Path, killed: Path, edited: str) -> None:
    for is_link in (False, True):
        (killed / edited).unlink()
        if is_link:
            (killed / edited).symlink_to("/etc/hostname")
        else:
            (killed / edited).write_text("mine\n")
        stopped = found(killed)
        with pytest.raises(UserError, match=f"{edited} changed since"):
            creating.prepare(killed, to_write=True)
        assert found(killed) == stopped
    (killed / edited).unlink()
    creating.prepare(killed, to_write=True)
    assert found(killed) == found(first)


def test_a_file_that_was_added_after_a_kill_stays(killed: Path) -> None:
    (killed / "src/mine.py").write_text("mine\n")
    with pytest.raises(UserError, match="src"):
        creating.prepare(killed, to_write=True)
    assert (killed / "src/mine.py").read_text() == "mine\n"
    assert not (killed / "run.sh").exists()


def test_what_was_staged_after_a_kill_is_not_unstaged(killed: Path, kind: str) -> None:
    if not (killed / ".git").exists():
        git(killed, "init", "-q")
    (killed / "mine.py").write_text("mine\n")
    git(killed, "add", "mine.py")
    staged = git(killed, "ls-files", "-s")
    reason = r"\.git/index changed since" if kind in ("clone", "clone without commits") else "mine.py"
    with pytest.raises(UserError, match=reason):
        creating.prepare(killed, to_write=True)
    assert git(killed, "ls-files", "-s") == staged
    assert (killed / "mine.py").exists()


def test_the_dry_run_after_a_kill_says_what_to_do(killed: Path) -> None:
    left = found(killed)
    with pytest.raises(UserError, match="Run this without --dry-run"):
        creating.prepare(killed, to_write=False)
    assert found(killed) == left


def test_a_file_that_appears_while_it_runs_is_left_alone(prepared: Path, kind: str) -> None:
    before = found(prepared)

    def appear() -> None:
        (prepared / "run.sh").write_text("mine")

    with pytest.raises(UserError, match=r"run\.sh appeared in the meantime") as raised:
        creating.create(
            {},
            versions.working(),
            prepared,
            git="without git" not in kind,
            before_publishing=appear,
        )
    assert "run.sh changed in the meantime and is left alone" in "".join(raised.value.__notes__)
    assert (prepared / "run.sh").read_text() == "mine"
    (prepared / "run.sh").unlink()
    assert found(prepared) == before


def test_of_two_at_once_one_is_refused(prepared: Path, kind: str) -> None:
    with filling.alone(prepared), pytest.raises(UserError, match="another shipsmith is at work"):
        fill(prepared, kind)()
    fill(prepared, kind)()
    assert is_whole(prepared, kind)


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "[]",
        "{}",
        '{"files": [], "folders": []}',
        '{"files": {"../mine": "00"}, "folders": []}',
        '{"files": {".git/config": "00"}, "folders": []}',
        '{"files": {}, "folders": ["a/../.."]}',
        '{"files": {}, "folders": [], "head": "--exec=x"}',
        '{"files": {"a": 1}, "folders": []}',
        '{"files": {}, "folders": [], "replaced": {"/etc/x": "00"}}',
        "[" * 100_000,
    ],
)
def test_a_journal_that_was_made_up_does_nothing(tmp_path: Path, journal: str) -> None:
    folder = tmp_path / "orders"
    (folder / filling.WORKSPACE).mkdir(parents=True)
    (folder / filling.WORKSPACE / filling.JOURNAL).write_text(journal)
    (tmp_path / "mine").write_text("mine")
    before = found(tmp_path)
    with pytest.raises(UserError, match="is damaged"):
        creating.prepare(folder, to_write=True)
    assert found(tmp_path) == before
