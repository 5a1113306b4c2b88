"""How a change reaches the working tree, and how it is undone however it ended.

Before the first file is touched, a journal says which files will be, so that `undo` can put them back even
where the process was killed. It is of no use any more once the change is committed.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .errors import UserError
from .existing import Project
from .git import Entry, Git, Tree, index_lines

UNDONE = "refs/shipsmith/undone"

Conflicts = Mapping[str, Mapping[int, Entry]]
"""The sides of each file in conflict: 1 is the old version's, 2 the user's, 3 the new version's."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A change of a project's files that is not committed."""

    head: str
    """The commit it started from."""
    tree: str
    """The tree it leads to, of the whole repository."""
    title: str
    """What it does, as the subject of a commit."""
    conflicts: list[str] = field(default_factory=list)
    """Files that people must resolve before derived files can be made again."""
    versions: tuple[str, str] = ("", "")
    """The template's versions, before and after."""
    outside: dict[str, str | None] = field(default_factory=dict)
    """Files that git ignores: their content before the change, by its id, or nothing where there was none."""
    applied: bool = False
    """Whether all of it is in the working tree."""


@contextmanager
def locked(project: Project) -> Iterator[Git]:
    """Git for this process alone to change the project by. A git that outlives us holds the lock on."""
    project.state.mkdir(exist_ok=True)
    descriptor = os.open(project.state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield replace(project.git, inherited=(descriptor,))
    except BlockingIOError as error:
        raise UserError(f"another shipsmith is changing {project.folder}. Wait for its end") from error
    finally:
        os.close(descriptor)


def read(project: Project) -> Journal | None:
    """The change that is under way, if there is one."""
    try:
        content: dict[str, Any] = json.loads(_file(project).read_text("utf-8"))
    except FileNotFoundError:
        return None
    journal = Journal(**content | {"versions": tuple(content["versions"])})
    if journal.head != project.git.line("rev-parse", "--verify", "--quiet", "HEAD"):
        # it was committed, or abandoned for another branch
        return None
    return journal


def write(project: Project, journal: Journal) -> None:
    """Remember `journal`, whole or not at all, also where the machine stops."""
    temporary = _file(project).with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(asdict(journal), stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(_file(project))


def is_in_the_index(project: Project, journal: Journal) -> bool:
    """Whether something is staged: people can also have put all of it back by themselves."""
    return bool(project.git.run("diff-index", "--cached", "--name-only", journal.head))


def forget(project: Project) -> None:
    _file(project).unlink(missing_ok=True)


def apply(
    git: Git,
    project: Project,
    journal: Journal,
    before: str,
    after: str,
    conflicts: Conflicts = MappingProxyType({}),
) -> None:
    """Change working tree and index from the tree `before` to `after`; conflicts become unmerged entries."""
    write(project, journal)
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
    git.run("read-tree", "-m", "-u", before, after)
    if conflicts:
        git.run("update-index", "-z", "--index-info", data=_unmerged(git, conflicts))
    write(project, replace(journal, applied=True))


@dataclass(frozen=True, slots=True)
class Undone:
    paths: list[str]
    kept: bool
    """Whether people had changed these files since: UNDONE names a commit of what they were."""


def undo(git: Git, project: Project, journal: Journal) -> Undone:
    """Put back every file that the change touched."""
    if not journal.applied:
        # whoever held it was killed: we have the lock, and git holds it as long as it lives
        Path(git.folder, git.line("rev-parse", "--git-path", "index.lock")).unlink(missing_ok=True)
    before, after = git.tree(journal.head), git.tree(journal.tree)
    touched = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    present = _present(git, project.state / "index", touched)
    changed = any(entry not in (before.get(path), after.get(path)) for path, entry in present.items())
    if changed:
        _keep(git, project, journal, before, touched, present)
    _reset(git, touched, before)
    for path, oid in journal.outside.items():
        _put_back(git, git.folder / path, oid)
    forget(project)
    return Undone(sorted({*touched, *journal.outside}), kept=changed)


def _file(project: Project) -> Path:
    return project.state / "change.json"


def _unmerged(git: Git, conflicts: Conflicts) -> bytes:
    """The index's lines for files in conflict: none at stage 0, and one for each side."""
    nothing = "0" * len(git.line("rev-parse", "HEAD"))
    lines = index_lines({path: Entry("0", nothing) for path in conflicts})
    for path, entries in conflicts.items():
        for stage, entry in sorted(entries.items()):
            lines += f"{entry.mode} {entry.oid} {stage}\t".encode() + os.fsencode(path) + b"\0"
    return lines


def _present(git: Git, index: Path, paths: list[str]) -> Tree:
    """Those of `paths` that are files now, as git would add them."""
    existing = [path for path in paths if _is_file(git.folder / path)]
    git = git.with_variables(GIT_INDEX_FILE=str(index))
    git.run("read-tree", "--empty")
    git.run(
        "update-index",
        "--add",
        "-z",
        "--stdin",
        data=b"".join(os.fsencode(path) + b"\0" for path in existing),
    )
    return git.tree(git.line("write-tree"))


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _keep(
    git: Git, project: Project, journal: Journal, before: Tree, touched: list[str], present: Tree
) -> None:
    tree = {path: entry for path, entry in before.items() if path not in touched} | present
    oid = git.write_tree(tree, project.state / "index")
    git.run(
        "update-ref", UNDONE, git.line(*_AS_US, "commit-tree", oid, "-p", journal.head, "-m", journal.title)
    )


_AS_US = ("-c", "user.name=shipsmith", "-c", "user.email=shipsmith@localhost")


def _reset(git: Git, paths: list[str], before: Tree) -> None:
    """Index and working tree as in the commit, for these paths alone."""
    nothing = "0" * len(git.line("rev-parse", "HEAD"))
    lines = {path: before.get(path, Entry("0", nothing)) for path in paths}
    # out first: a path in conflict has no entry at stage 0, and a file can become a folder
    git.run(
        "update-index", "-z", "--index-info", data=index_lines({path: Entry("0", nothing) for path in paths})
    )
    git.run("update-index", "-z", "--index-info", data=index_lines(lines))
    for path in paths:
        if path not in before:
            _remove(git.folder / path, git.folder)
    restored = b"".join(os.fsencode(path) + b"\0" for path in paths if path in before)
    git.run("checkout-index", "--force", "-z", "--stdin", data=restored)
    git.run("update-index", "-q", "--refresh", accept=(0, 1))


def _put_back(git: Git, path: Path, oid: str | None) -> None:
    if oid is None:
        _remove(path, git.folder)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(git.read([oid])[oid])


def _remove(path: Path, top: Path) -> None:
    """Remove a file, and the folders that are empty then."""
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        path.unlink()
    for folder in path.parents:
        if folder == top or not folder.is_relative_to(top):
            break
        try:
            folder.rmdir()
        except OSError:
            break
