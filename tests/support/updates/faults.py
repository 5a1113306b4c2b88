"""Every step of shipsmith in a repository, and the outcome of faults at each of them."""

import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from . import injection
from .injection import ERRORS, OF_GIT, Event, Fault, Result
from .meanwhile import ACTIONS, EDITS, IGNORED, MARK, git
from .small import SERVICE, Small, commit, write

Outcome = Literal["as before", "undo", "complete"]
"""Nothing was changed; something was, and `shipsmith undo` restored it; the command completed."""

PAGE = Path(__file__).parents[3] / "docs/faults.md"
UPDATE = "update --to v0.2.0"
SECRET, LINK = "local/secret.env", "local/link.env"


@dataclass(frozen=True, slots=True)
class Snapshot:
    files: dict[str, tuple[object, ...]]
    """Type, permissions and content of each, and modification times of ignored ones."""
    index: str
    refs: str
    locks: list[str]


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository in which a command runs."""

    name: str
    command: str
    project: Path
    pristine: Snapshot
    """The repository before the change, which `undo` must restore."""
    acted: dict[str, list[Snapshot]]
    """The same with the user's concurrent actions."""
    kept: dict[str, bytes]
    """Later edits to its files, which must be preserved after `undo`."""


def make_scenes(small: Small, folder: Path) -> list[Scene]:
    """Updates with and without conflicts, `continue`, and `undo` with edits of all kinds of files."""
    clean = _project(small, folder / "clean" / "orders")
    conflicts = _copy(clean, folder / "conflicts" / "orders")
    commit(conflicts, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
    updated = _copy(conflicts, folder / "updated" / "orders")
    assert small.run(updated, *UPDATE.split()).returncode == 3
    resolved = _copy(updated, folder / "resolved" / "orders")
    resolution = {"service.py": b"resolved\n"}
    _write_all(resolved, resolution)
    assert git(resolved, "add", "service.py").returncode == 0
    edited = _copy(updated, folder / "edited" / "orders")
    edits = {"service.py": b"half resolved\n", "added.txt": b"edited\n", IGNORED: b"A=edited\n"}
    _write_all(edited, edits)
    places = [(snapshot(each), _acted(each, each.parent / "acted")) for each in (clean, conflicts)]
    # a concurrent commit can include the staged change: then there is nothing to undo
    committed = _acted(resolved, resolved.parent / "acted")
    continued = {name: [*each, *committed[name]] for name, each in places[1][1].items()}
    return [
        Scene("update", UPDATE, clean, *places[0], {}),
        Scene("update with conflicts", UPDATE, conflicts, *places[1], {}),
        Scene("continue", "continue", resolved, places[1][0], continued, resolution),
        Scene("undo", "undo", edited, *places[1], edits),
    ]


def _project(small: Small, folder: Path) -> Path:
    """A project that ignores one of its rendered files, with commits, a branch and files outside git."""
    folder.parent.mkdir(parents=True)
    small.project(folder)
    git(folder, "rm", "-q", "--cached", IGNORED)
    commit(folder, {".gitignore": "local/\n"})
    git(folder, "checkout", "-q", "-b", "other")
    commit(folder, {"theirs.txt": "on another branch\n"})
    git(folder, "checkout", "-q", "main")
    commit(folder, {"notes.txt": "mine\n"})
    (folder / IGNORED).chmod(0o600)
    write(folder / SECRET, "SECRET=1\n")
    (folder / SECRET).chmod(0o640)
    (folder / LINK).symlink_to("nowhere.env")
    os.utime(folder / IGNORED, (1e9, 1e9))
    write(folder / "own.txt", "not known to git\n")
    return folder


def _write_all(project: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        write(project / name, content)


def _copy(project: Path, folder: Path) -> Path:
    return shutil.copytree(project, folder, symlinks=True)


@dataclass(frozen=True, slots=True)
class Step:
    """Consecutive events that do the same."""

    does: str
    how: str
    events: dict[int, Event]
    """By number: the first, and those from lines of code that are not in an earlier step."""


PREPARE = "prepare the change: write objects that nothing refers to yet"
DOES = {
    "configuration.overridden": "list the programs that the repository's own configuration names",
    "existing.find": "find the project",
    "existing._project": "find the project",
    "change.alone": "lock the project",
    "locks.locked": "lock the project",
    "index._file": "find git's index",
    "readiness.check_ready": "check that the repository can be changed",
    "readiness.under_way": "check that the repository can be changed",
    "existing.Project.ignored": PREPARE,
    "existing.Project.recorded_at": PREPARE,
    "ignored.look": "compare an ignored file",
    "plan": PREPARE,
    "merge": PREPARE,
    "rebuild": PREPARE,
    "remodel": PREPARE,
    "resume._check_resolved": "check that the conflicts are resolved",
    "line_endings": PREPARE,
    "pairing": PREPARE,
    "apply": PREPARE,
    "resume": PREPARE,
    "index.locked": "lock git's index: a symbolic link that names its owner",
    "index.copied": "copy the index",
    "change._head": "check that nothing has changed since",
    "change._check_nothing_moved": "check that nothing has changed since",
    "journal.write": "write the journal",
    "ignored.forget": "delete ignored files that an earlier change replaced",
    "ignored.put": "replace an ignored file",
    "ignored._move": "move an ignored file",
    "ignored._name": "give an ignored file its name, unless it is taken",
    "ignored._write": "replace an ignored file",
    "change.apply": "change the working tree, and the copy of the index",
    "index.Index.publish": "replace the index with the copy",
    "index._unlock": "unlock git's index",
    "undo._undo": "read what is committed and what is staged",
    "index.Index.entries": "read what is committed and what is staged",
    "undo._present": "read the current files",
    "undo._keep": "keep edits in a commit",
    "undo._put_back": "restore the files, unless they changed in the meantime",
    "ignored.put_back": "restore an ignored file",
    "index.skipped": "restore the copy of the index",
    "undo._reset": "restore the copy of the index",
    "journal.forget": "remove the journal",
}


def steps_of(events: Iterable[Event]) -> list[Step]:
    """Raises KeyError for a function that is not in DOES."""
    steps: list[Step] = []
    lines = set()
    for number, event in enumerate(events, 1):
        does = DOES[event.where if event.where in DOES else event.where.partition(".")[0]]
        how = "git, several times" if does == PREPARE else event.what
        is_first = not steps or (steps[-1].does, steps[-1].how) != (does, how)
        if is_first:
            steps.append(Step(does, how, {}))
        if is_first or (event.lines, event.what) not in lines:
            steps[-1].events[number] = event
            lines.add((event.lines, event.what))
    return steps


def faults_at(number: int, event: Event) -> list[Fault]:
    """All faults to test at an event."""
    names = ["kill"]
    if event.what.startswith("git "):
        names += OF_GIT
    else:
        names += [*ERRORS, *(["limit"] if event.what.startswith("open") else [])]
    return [Fault(number, name) for name in (*names, *ACTIONS)]


def events_of(small: Small, scene: Scene, folder: Path) -> list[Event]:
    """The events of the command without faults."""
    _copy(scene.project, folder / "orders")
    return injection.run(small, folder / "orders", folder / "scratch", scene.command).events


def try_fault(small: Small, scene: Scene, fault: Fault, folder: Path) -> Outcome:
    """Inject a fault in a copy of the scene. Nothing may be lost, and `undo` must restore everything."""
    project = _copy(scene.project, folder / "orders")
    before = snapshot(project)
    run = partial(injection.run, small, project, folder / "scratch")
    result = run(scene.command, fault)
    injection.wait_for_git(project)
    if fault.name == "git with a lock":
        _end_the_users_git(project)
    check_said(result, fault)
    outcome = _outcome(result, before, snapshot(project))
    undone = run("undo")
    assert undone.status == 0 or "nothing to undo" in undone.said, undone.said
    after = snapshot(project)
    expected = [scene.pristine, *(scene.acted.get(fault.name, []))]
    assert after in expected, difference(after, scene.pristine)
    # edits that the user has overwritten in the meantime need not be kept
    for name, content in ((each, scene.kept[each]) for each in scene.kept if each != EDITS.get(fault.name)):
        assert content in kept(project, name), f"{name}: the edit is lost"
    if fault.name in EDITS:
        assert MARK in kept(project, EDITS[fault.name]), "what was edited meanwhile is lost"
    if fault.name not in ACTIONS:
        again = run(UPDATE)
        assert again.status in (0, 3), again.said
    return outcome


def check_said(result: Result, fault: Fault) -> None:
    """The message must explain what happened: never a traceback or an internal error."""
    said = result.said
    assert result.status in (0, 1, 3, -9), f"{result.status}: {said}"
    assert "Traceback" not in said, said
    if result.status == 1:
        assert said.startswith("shipsmith: "), said
        if fault.name in ("ENOSPC", "full"):
            assert "No space left on device" in said, said


def _outcome(result: Result, before: Snapshot, after: Snapshot) -> Outcome:
    if result.status in (0, 3):
        return "complete"
    return "as before" if (before.files, before.index) == (after.files, after.index) else "undo"


def _end_the_users_git(project: Path) -> None:
    lock = project / ".git/index.lock"
    if lock.is_file() and not lock.is_symlink():
        lock.unlink()


def _acted(project: Path, folder: Path) -> dict[str, list[Snapshot]]:
    """The repository with only the user's actions. Their commit may amount to only `git add`."""
    done = {}
    for number, (name, action) in enumerate(ACTIONS.items()):
        copy = _copy(project, folder / str(number))
        action(copy)
        _end_the_users_git(copy)
        done[name] = snapshot(copy)
    return {name: [each, done["git add"]] for name, each in done.items()}


def snapshot(project: Path) -> Snapshot:
    """Everything that must not be lost, and locks that would block the user's next git command."""
    files: dict[str, tuple[object, ...]] = {}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if path.is_symlink():
            files[name] = ("link", os.readlink(path))
        elif path.is_file() and not name.startswith(".git/"):
            status = path.stat()
            time = status.st_mtime if name.startswith("local/") else None
            files[name] = (stat.S_IMODE(status.st_mode), time, path.read_bytes())
    index = git(project, "ls-files", "-s", "-t").stdout.decode()
    refs = git(project, "for-each-ref").stdout.decode() + (project / ".git/HEAD").read_text()
    ours = "refs/shipsmith/"
    return Snapshot(
        files={name: file for name, file in files.items() if not name.startswith(".git/")},
        index=index,
        refs="".join(line for line in refs.splitlines(keepends=True) if ours not in line),
        locks=[path.name for path in (project / ".git").rglob("*.lock")],
    )


def kept(project: Path, name: str) -> list[bytes]:
    """All contents of a file that are still available."""
    found = [
        git(project, "show", f"refs/shipsmith/undone{suffix}:{name}").stdout
        for suffix in ("", "@{1}", "@{2}")
    ]
    places = [project / name, *(project / ".git/shipsmith").glob(f"undone/*/{name}")]
    return found + [place.read_bytes() for place in places if place.is_file()]


def difference(one: Snapshot, other: Snapshot) -> str:
    files = [name for name in one.files | other.files if one.files.get(name) != other.files.get(name)]
    index = set(one.index.splitlines()) ^ set(other.index.splitlines())
    refs = set(one.refs.splitlines()) ^ set(other.refs.splitlines())
    return f"files: {files}, index: {sorted(index)}, refs: {sorted(refs)}, locks: {one.locks}"
