"""How a change reaches the working tree, and how it is undone however it ended.

Before the first file is touched, a journal says which files will be. Index and working tree are changed while
we hold git's lock on the index, and the new index takes the place of the old one when all files are there.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import UserError
from ..git.locks import locked
from ..git.objects import SUBMODULE, Entry, Tree, index_lines, records
from ..git.process import identity
from ..git.runner import Git
from ..project.existing import Project
from . import ignored, index, journal
from .ignored import Outside, links_above, look, place
from .index import Index
from .journal import Journal, Phase

UNDONE = "refs/shipsmith/undone"
SCRATCH, PRESENT = "scratch", "present"
"""Temporary indexes in our state."""

Conflicts = Mapping[str, Mapping[int, Entry]]
"""The sides of each file in conflict: 1 is the old version's, 2 the user's, 3 the new version's."""


@dataclass(frozen=True, slots=True)
class Step:
    """From where to where index and working tree go; paths are relative to the repository."""

    head: str
    """The commit that HEAD was when this was prepared."""
    before: str
    """The tree that the index was."""
    after: str
    conflicts: Conflicts = field(default_factory=dict)
    outside: list[Outside] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Undone:
    paths: list[str]
    committed: list[str]
    """Files that stay as they are: people committed what the change made of them."""
    kept: str
    """The commit of what these files were where people had changed them since, which UNDONE names."""
    kept_ignored: Path | None
    """A folder with what people made of files that git ignores."""


@contextmanager
def alone(project: Project) -> Iterator[Git]:
    """Git for this process alone to change the project by. A git that outlives us holds the lock on."""
    project.state.mkdir(exist_ok=True)
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(project.state / "lock", wait=False, create=True))
        except BlockingIOError as error:
            raise UserError(f"another shipsmith is changing {project.folder}. Wait for its end") from error
        git = replace(project.git, inherited=(descriptor,))
        index.remove_stale_locks(git, project.state)
        yield git


def under_way(project: Project) -> Journal | None:
    """The change that is not committed, if there is one."""
    written = journal.read(project.state)
    if not written or written.is_half_done or written.head == _head(project.git):
        return written
    # something else was committed since, or another branch is checked out: is the change still staged?
    staged = project.git.differences("diff-index", "--cached", "HEAD")
    is_here = any(written.changes.get(path) == sides for path, sides in staged.items())
    return written if is_here else None


def is_staged(project: Project) -> bool:
    """Whether something is staged: people can also have put all of it back by themselves."""
    return bool(project.git.run("diff-index", "--cached", "--name-only", "HEAD"))


def apply(git: Git, project: Project, step: Step, entry: Journal) -> None:
    """Change index and working tree. Raises UserError, with nothing touched, if either is not as it was."""
    state = project.state
    with index.locked(git, state) as held:
        _check_nothing_moved(git, held, step)
        if step.outside:
            ignored.forget(state)
        journal.write(state, replace(entry, phase=Phase.APPLYING))
        with _noted("Some files may be changed already. Put them back: shipsmith undo"):
            ignored.put(git, state, step.outside)
            held.git.run("read-tree", "-m", "-u", step.before, step.after)
            if step.conflicts:
                held.git.run("update-index", "-z", "--index-info", data=_unmerged(step))
            held.publish()
            journal.write(state, replace(entry, phase=Phase.APPLIED))


def undo(git: Git, project: Project, entry: Journal) -> Undone:
    """Put back every file that the change touched and that is not committed since."""
    state = project.state
    with index.locked(git, state) as held:
        head = git.tree("HEAD")
        staged = held.entries()
        committed = _committed(entry, head, staged)
        paths = sorted(entry.changes.keys() - committed)
        files = {} if committed else entry.outside
        _check_ways_back(git, entry, paths, files)
        present = _present(git, state, paths)
        versions = [{path: each for path in paths if (each := staged.get(path)) and each.mode}, present]
        others = {path: each for path, each in head.items() if path not in set(paths)} | present
        kept = _keep(git, state, entry, versions, others)
        journal.write(state, replace(entry, phase=Phase.UNDOING, kept=kept))
        with _noted("Not all files may be back yet. Put them back: shipsmith undo"):
            restored = {path: before for path in paths if (before := entry.changes[path][0])}
            skipped = _put_back(git, state, present, restored)
            kept_ignored = ignored.put_back(git, state, files)
            _reset(held.git, paths, restored, skipped, _nothing(entry.head))
            held.publish()
            journal.forget(state)
    ignored.forget(state)
    return Undone(sorted({*paths, *files}), sorted(committed), kept, kept_ignored)


def check_nothing_is_in_the_way(folder: Path, before: Iterable[str], after: Iterable[str]) -> None:
    """Raise UserError where a file that git does not know is where a new one goes."""
    tracked = {folder / path for path in before}
    problems = []
    for path in sorted(set(after) - set(before)):
        places = [folder / path, *(folder / path).parents]
        within = places[: places.index(folder)]
        taken = [place for place in within if _is_file(place) and place not in tracked]
        problems += [f"{place.relative_to(folder)} is in the way: git does not know it" for place in taken]
    if problems:
        raise UserError(*dict.fromkeys(problems), "commit these files or move them, then run this again")


@contextmanager
def _noted(note: str) -> Iterator[None]:
    """Say what to do where this ends with an error, or is interrupted."""
    try:
        yield
    except BaseException as error:
        error.add_note(note)
        raise


def _head(git: Git) -> str:
    return git.answer("rev-parse", "--verify", "--quiet", "HEAD")


def _check_nothing_moved(git: Git, held: Index, step: Step) -> None:
    """Raise UserError where something is not as it was when this was prepared."""
    if _head(git) != step.head:
        raise UserError("HEAD moved while this was prepared. Run it again")
    if staged := records(held.git.run("diff-index", "--cached", "--name-only", "-z", step.before)):
        raise UserError(*_moved(staged, "was staged"))
    changes = git.differences("diff-tree", "-r", step.before, step.after)
    held.git.run("update-index", "-q", "--refresh", accept=(0, 1))
    edited = records(held.git.run("diff-files", "--name-only", "-z"))
    if edited := [path for path in edited if path in changes]:
        raise UserError(*_moved(edited, "was edited"))
    before, after = ([path for path, sides in changes.items() if sides[side]] for side in (0, 1))
    check_nothing_is_in_the_way(git.folder, before, after)
    files = {change.path: look(git, place(git.folder, change.path)) for change in step.outside}
    if edited := [change.path for change in step.outside if files[change.path] != change.before]:
        raise UserError(*_moved(edited, "was edited"))
    # whatever git itself would refuse
    held.git.run("read-tree", "-n", "-m", "-u", step.before, step.after)


def _moved(paths: list[str], how: str) -> list[str]:
    problems = [f"{path} {how} while this was prepared" for path in paths]
    return [*problems, "nothing was changed. Commit or put back what is said above, then run this again"]


def _unmerged(step: Step) -> bytes:
    """The index's lines for files in conflict: none at stage 0, and one for each side."""
    lines = index_lines({path: _nothing(step.head) for path in step.conflicts})
    for path, entries in step.conflicts.items():
        for stage, entry in sorted(entries.items()):
            lines += f"{entry.mode} {entry.oid} {stage}\t".encode() + os.fsencode(path) + b"\0"
    return lines


def _nothing(oid: str) -> Entry:
    """What removes a path from the index, with an id as long as `oid`."""
    return Entry("0", "0" * len(oid))


def _committed(entry: Journal, head: Tree, staged: Tree) -> set[str]:
    """The files of which HEAD has what the change made of them, or what people made of that."""
    return {
        path
        for path, (before, after) in entry.changes.items()
        if head.get(path) == after or before != head.get(path) == staged.get(path)
    }


def _check_ways_back(git: Git, entry: Journal, paths: list[str], files: Iterable[str]) -> None:
    """Raise UserError where people put something that would be lost, or would lead elsewhere."""
    problems = []
    for path in (*paths, *files):
        links = [link for link in links_above(git.folder, path) if link not in entry.changes]
        problems += [f"{link} is a symbolic link now, and was a folder" for link in links]
    for path in paths:
        before, _ = entry.changes[path]
        folder = git.folder / path
        if before and before.mode != SUBMODULE and folder.is_dir() and not folder.is_symlink():
            within = (each.relative_to(git.folder).as_posix() for each in folder.rglob("*") if _is_file(each))
            if own := set(within) - entry.changes.keys():
                problems.append(f"{path} is a folder now, with {', '.join(sorted(own))}, and was a file")
    if problems:
        raise UserError(*dict.fromkeys(problems), "move what is said above away, then run this again")


def _present(git: Git, state: Path, paths: list[str]) -> Tree:
    """Those of `paths` that are files now, as git would add them, which is what PRESENT is an index of."""
    existing = [path for path in paths if _is_file(git.folder / path) and not links_above(git.folder, path)]
    git = git.with_variables(GIT_INDEX_FILE=str(state / PRESENT))
    git.run("read-tree", "--empty")
    git.run("update-index", "--add", "-z", "--stdin", data=_listed(existing))
    return git.tree(git.line("write-tree"))


def _put_back(git: Git, state: Path, present: Tree, restored: Tree) -> set[str]:
    """Write `restored` in place of the files that are present; those that a sparse checkout leaves out.

    Git refuses where one changed meanwhile.
    """
    # submodules are left as they are
    files = {path: entry for path, entry in restored.items() if entry.mode != SUBMODULE}
    before, after = (git.write_tree(tree, state / SCRATCH) for tree in (present, files))
    git = git.with_variables(GIT_INDEX_FILE=str(state / PRESENT))
    git.run("read-tree", "-m", "-u", before, after)
    return index.skipped(git)


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _listed(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _keep(git: Git, state: Path, entry: Journal, versions: list[Tree], others: Tree) -> str:
    """The commit of what people made of the files since, beside `others`; nothing where they changed none.

    Each of `versions`, such as what is staged, gets a commit of its own on top of the one before it. An undo
    that was killed has perhaps kept some before it put them back: those stay in.
    """
    kept = entry.kept
    for version in versions:
        edited = {path: each for path, each in version.items() if each not in entry.changes[path]}
        tree = git.tree(kept) if kept else others
        if not edited or (kept and edited.items() <= tree.items()):
            continue
        oid = git.write_tree(tree | edited, state / SCRATCH)
        parent = kept or git.line("rev-parse", "--verify", "HEAD")
        kept = git.with_variables(**identity()).line("commit-tree", oid, "-p", parent, "-m", entry.title)
        Path(git.folder, git.line("rev-parse", "--git-path", f"{UNDONE}.lock")).unlink(missing_ok=True)
        git.run("update-ref", "--create-reflog", UNDONE, kept)
    return kept


def _reset(git: Git, paths: list[str], restored: Tree, skipped: set[str], nothing: Entry) -> None:
    """The index as it was before the change, for these paths alone."""
    skipped = restored.keys() & (skipped | index.skipped(git))
    # out first: a path in conflict has no entry at stage 0, and a file can become a folder
    git.run("update-index", "-z", "--index-info", data=index_lines(dict.fromkeys(paths, nothing)))
    git.run("update-index", "-z", "--index-info", data=index_lines(restored))
    git.run("update-index", "--skip-worktree", "-z", "--stdin", data=_listed(skipped))
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
