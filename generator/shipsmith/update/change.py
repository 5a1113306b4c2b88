"""How a change reaches the working tree.

Before the first file is touched, a journal says which files will be. Index and working tree are changed while
we hold git's lock on the index, and the new index takes the place of the old one when all files are there.
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
    """From where to where index and working tree go; paths are relative to the repository."""

    head: str
    """The commit that HEAD was when this was prepared."""
    before: str
    """The tree that the index was."""
    after: str
    conflicts: Conflicts = field(default_factory=dict)
    ignored: list[IgnoredChange] = field(default_factory=list)


@contextmanager
def alone(project: Project) -> Iterator[Git]:
    """Git for this process alone to change the project by. A git that outlives us holds the lock on."""
    project.control.mkdir(exist_ok=True)
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(project.control / "lock", wait=False, create=True))
        except BlockingIOError as error:
            raise UserError(f"another shipsmith is changing {project.folder}. Wait until it ends") from error
        git = replace(project.git, inherited=(descriptor,))
        index.remove_stale_locks(git, project.control)
        yield git


def under_way(project: Project) -> Journal | None:
    """The change that is not committed, if there is one."""
    written = journal.read(project.control)
    if not written or written.is_half_done or written.head == _head(project.git):
        return written
    # something else was committed since, or another branch is checked out: is the change still staged?
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
    return f"an earlier change was interrupted ({left.title}). Put everything back first: shipsmith undo"


def is_staged(project: Project) -> bool:
    """Whether something is staged: people can also have put all of it back by themselves."""
    return bool(project.git.run("diff-index", "--cached", "--name-only", "HEAD"))


def apply(git: Git, project: Project, step: Step, written: Journal) -> None:
    """Change index and working tree. Raises UserError, with nothing touched, if either is not as it was."""
    control = project.control
    with index.locked(git, control) as held:
        _check_nothing_moved(git, held, step)
        if step.ignored:
            ignored.forget(control)
        journal.write(control, replace(written, phase=Phase.APPLYING))
        with noted("Some files may be changed already. Put them back: shipsmith undo"):
            ignored.put(git, control, step.ignored)
            held.git.run("read-tree", "-m", "-u", step.before, step.after)
            if step.conflicts:
                held.git.run("update-index", "-z", "--index-info", data=_unmerged(step))
            held.publish()
            journal.write(control, replace(written, phase=Phase.APPLIED))


def check_nothing_is_in_the_way(folder: Path, before: Iterable[str], after: Iterable[str]) -> None:
    """Raise UserError where a file that git does not know is where a new one goes."""
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
    """Say what to do where this ends with an error, or is interrupted."""
    try:
        yield
    except BaseException as error:
        error.add_note(note)
        raise


def _head(git: Git) -> str:
    return git.optional("rev-parse", "--verify", "--quiet", "HEAD")


def _check_nothing_moved(git: Git, held: Index, step: Step) -> None:
    """Raise UserError where something is not as it was when this was prepared."""
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
    # whatever git itself would refuse
    held.git.run("read-tree", "-n", "-m", "-u", step.before, step.after)


def _moved(paths: list[str], how: str) -> list[str]:
    problems = [f"{path} {how} while this was prepared" for path in paths]
    return [*problems, "nothing was changed. Commit or put back what is said above, then run this again"]


def _unmerged(step: Step) -> bytes:
    """The index's lines for files in conflict: none at stage 0, and one for each side."""
    lines = index_lines({path: nothing(step.head) for path in step.conflicts})
    for path, entries in step.conflicts.items():
        for stage, entry in sorted(entries.items()):
            lines += f"{entry.mode} {entry.oid} {stage}\t".encode() + os.fsencode(path) + b"\0"
    return lines


def nothing(oid: str) -> Entry:
    """What removes a path from the index, with an id as long as `oid`."""
    return Entry("0", "0" * len(oid))


def is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()
