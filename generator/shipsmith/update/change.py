"""Applies a change to the working tree.

Before the first file changes, a journal lists the files that will change. Index and working tree are changed
under git's index lock, and the new index replaces the old one when all files are written.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import UserError
from ..git.locks import locked
from ..git.objects import Conflicts, Entry, index_lines, nul_separated
from ..git.runner import Git
from ..project.existing import Project
from . import ignored, index, journal
from .ignored import IgnoredChange, look, place
from .index import Index
from .journal import Journal, Phase


@dataclass(frozen=True, slots=True)
class Step:
    """The old and new state of index and working tree. Paths are relative to the repository."""

    head: str
    """The commit of HEAD when this was prepared."""
    before: str
    """The tree of the index when this was prepared."""
    after: str
    conflicts: Conflicts = field(default_factory=dict)
    ignored: list[IgnoredChange] = field(default_factory=list)


@contextmanager
def alone(project: Project) -> Iterator[Git]:
    """Git, with a lock on the project for this process. A git process that outlives it keeps the lock."""
    project.control.mkdir(exist_ok=True)
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(project.control / "lock", wait=False, create=True))
        except BlockingIOError as error:
            raise UserError(
                f"another shipsmith is changing {project.git.folder}. Wait until it ends"
            ) from error
        git = replace(project.git, inherited=(descriptor,))
        index.remove_stale_locks(git, project.control)
        yield git


def under_way(project: Project) -> Journal | None:
    """The uncommitted change, if there is one."""
    written = journal.read(project.control)
    if not written or written.is_half_done or written.head == _head(project.git):
        return written
    # another commit was made or another branch checked out: is the change still staged?
    staged = project.git.differences("diff-index", "--cached", "HEAD")
    is_here = any(written.changes.get(path) == pair for path, pair in staged.items())
    return written if is_here else None


def check_nothing_is_left(project: Project) -> None:
    left = under_way(project)
    if left and left.is_half_done:
        raise UserError(interrupted(left))
    if left and is_staged(project):
        raise UserError(f"an earlier change is not committed ({left.title}). Commit it, or: shipsmith undo")


def interrupted(left: Journal) -> str:
    return f"an earlier change was interrupted ({left.title}). Undo it first: shipsmith undo"


def is_staged(project: Project) -> bool:
    """Whether something is staged: users may also have reverted everything themselves."""
    return bool(project.git.run("diff-index", "--cached", "--name-only", "HEAD"))


def apply(git: Git, project: Project, step: Step, written: Journal) -> None:
    """Change index and working tree. Raises UserError, without changing anything, if either has changed."""
    control = project.control
    with index.locked(git, control) as held:
        _check_nothing_moved(git, held, step)
        if step.ignored:
            ignored.forget(control)
        journal.write(control, replace(written, phase=Phase.APPLYING))
        with noted("Some files may already be changed. Restore them: shipsmith undo"):
            ignored.put(git, control, step.ignored)
            held.git.run("read-tree", "-m", "-u", step.before, step.after)
            if step.conflicts:
                held.git.run("update-index", "-z", "--index-info", data=_unmerged(step))
            held.publish()
            journal.write(control, replace(written, phase=Phase.APPLIED))


def check_nothing_is_in_the_way(folder: Path, before: Iterable[str], after: Iterable[str]) -> None:
    """Raise UserError if an untracked file is in the place of a new one."""
    tracked = {folder / path for path in before}
    problems = []
    for path in sorted(set(after) - set(before)):
        places = [folder / path, *(folder / path).parents]
        within = places[: places.index(folder)]
        taken = [place for place in within if is_file(place) and place not in tracked]
        problems += [f"untracked file {place.relative_to(folder)} would be overwritten" for place in taken]
    if problems:
        raise UserError(*dict.fromkeys(problems), "commit these files or move them, then run this again")


@contextmanager
def noted(note: str) -> Iterator[None]:
    """Add a note that says what to do if the block fails or is interrupted."""
    try:
        yield
    except BaseException as error:
        error.add_note(note)
        raise


def _head(git: Git) -> str:
    return git.optional("rev-parse", "--verify", "--quiet", "HEAD")


def _check_nothing_moved(git: Git, held: Index, step: Step) -> None:
    """Raise UserError if something has changed since this was prepared."""
    if _head(git) != step.head:
        raise UserError("HEAD moved in the meantime. Run the command again")
    if staged := nul_separated(held.git.run("diff-index", "--cached", "--name-only", "-z", step.before)):
        raise UserError(*_moved(staged, "was staged"))
    changes = git.differences("diff-tree", "-r", step.before, step.after)
    held.git.run("update-index", "-q", "--refresh", accept=(0, 1))
    edited = nul_separated(held.git.run("diff-files", "--name-only", "-z"))
    if edited := [path for path in edited if path in changes]:
        raise UserError(*_moved(edited, "was edited"))
    before, after = ([path for path, pair in changes.items() if pair[number]] for number in (0, 1))
    check_nothing_is_in_the_way(git.folder, before, after)
    files = {change.path: look(git, place(git.folder, change.path)) for change in step.ignored}
    if edited := [change.path for change in step.ignored if files[change.path] != change.before]:
        raise UserError(*_moved(edited, "was edited"))
    # everything else that git would refuse
    held.git.run("read-tree", "-n", "-m", "-u", step.before, step.after)


def _moved(paths: list[str], how: str) -> list[str]:
    problems = [f"{path} {how} while the change was being prepared" for path in paths]
    return [*problems, "nothing was changed. Commit or restore these files, then run the command again"]


def _unmerged(step: Step) -> bytes:
    """The index entries for files in conflict: none at stage 0, and one for each side."""
    lines = index_lines({path: nothing(step.head) for path in step.conflicts})
    for path, entries in step.conflicts.items():
        for stage, entry in sorted(entries.items()):
            lines += f"{entry.mode} {entry.oid} {stage}\t".encode() + os.fsencode(path) + b"\0"
    return lines


def nothing(oid: str) -> Entry:
    """The entry that removes a path from the index, with an id as long as `oid`."""
    return Entry("0", "0" * len(oid))


def is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()
