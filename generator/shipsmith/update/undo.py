"""Undoes an uncommitted change, even an interrupted one."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import UserError
from ..git.objects import SUBMODULE, Entry, Tree, index_lines
from ..git.process import identity
from ..git.runner import Git
from ..project.existing import Project
from . import change, ignored, index, journal
from .change import is_file, noted, nothing
from .ignored import links_above
from .journal import Journal, Phase

UNDONE = "refs/shipsmith/undone"
SCRATCH, PRESENT = "scratch", "present"
"""Temporary indexes in the control folder."""


@dataclass(frozen=True, slots=True)
class Undone:
    paths: list[str]
    committed: list[str]
    """Files that are left alone, because people committed the change to them."""
    kept: str
    """The commit with people's edits to the restored files, which UNDONE points to."""
    kept_ignored: Path | None
    """A folder with people's edits to ignored files."""


def undo(project: Project) -> Undone:
    """Restore everything to the state before the last change, which is not committed yet."""
    with change.alone(project) as git:
        left = change.under_way(project)
        if not left:
            raise UserError("nothing to undo: there is no uncommitted shipsmith change")
        return _undo(git, project, left)


def _undo(git: Git, project: Project, written: Journal) -> Undone:
    """Restore every file that the change touched and that was not committed since."""
    control = project.control
    with index.locked(git, control) as held:
        head = git.tree("HEAD")
        staged = held.entries()
        committed = _committed(written, head, staged)
        paths = sorted(written.changes.keys() - committed)
        files = {} if committed else written.outside
        _check_ways_back(git, written, paths, files)
        present = _present(git, control, paths)
        versions = [{path: each for path in paths if (each := staged.get(path)) and each.mode}, present]
        others = {path: each for path, each in head.items() if path not in set(paths)} | present
        kept = _keep(git, control, written, versions, others)
        journal.write(control, replace(written, phase=Phase.UNDOING, kept=kept))
        with noted("Some files may not be restored yet. Restore them: shipsmith undo"):
            restored = {path: before for path in paths if (before := written.changes[path][0])}
            skipped = _put_back(git, control, present, restored)
            kept_ignored = ignored.put_back(git, control, files)
            _reset(held.git, paths, restored, skipped, nothing(written.head))
            held.publish()
            journal.forget(control)
    ignored.forget(control)
    return Undone(sorted({*paths, *files}), sorted(committed), kept, kept_ignored)


def _committed(written: Journal, head: Tree, staged: Tree) -> set[str]:
    """The files whose change is in HEAD, possibly with people's edits."""
    return {
        path
        for path, (before, after) in written.changes.items()
        if head.get(path) == after or before != head.get(path) == staged.get(path)
    }


def _check_ways_back(git: Git, written: Journal, paths: list[str], files: Iterable[str]) -> None:
    """Raise UserError if something of the user's would be lost, or a symbolic link followed."""
    problems = []
    for path in (*paths, *files):
        links = [link for link in links_above(git.folder, path) if link not in written.changes]
        problems += [f"{link} was a folder and is now a symbolic link" for link in links]
    for path in paths:
        before, _ = written.changes[path]
        folder = git.folder / path
        if before and before.mode != SUBMODULE and folder.is_dir() and not folder.is_symlink():
            within = (each.relative_to(git.folder).as_posix() for each in folder.rglob("*") if is_file(each))
            if own := set(within) - written.changes.keys():
                problems.append(f"{path} was a file and is now a folder with {', '.join(sorted(own))}")
    if problems:
        raise UserError(*dict.fromkeys(problems), "move them away, then run this again")


def _present(git: Git, control: Path, paths: list[str]) -> Tree:
    """Those of `paths` that are files now, as git would add them. PRESENT becomes their index."""
    existing = [path for path in paths if is_file(git.folder / path) and not links_above(git.folder, path)]
    git = git.with_variables(GIT_INDEX_FILE=str(control / PRESENT))
    git.run("read-tree", "--empty")
    git.run("update-index", "--add", "-z", "--stdin", data=_listed(existing))
    return git.tree(git.line("write-tree"))


def _put_back(git: Git, control: Path, present: Tree, restored: Tree) -> set[str]:
    """Replace the files that are present with `restored`. Returns those that a sparse checkout leaves out.

    Git refuses if one of them has changed in the meantime.
    """
    # submodules do not change
    files = {path: entry for path, entry in restored.items() if entry.mode != SUBMODULE}
    before, after = (git.write_tree(tree, control / SCRATCH) for tree in (present, files))
    git = git.with_variables(GIT_INDEX_FILE=str(control / PRESENT))
    git.run("read-tree", "-m", "-u", before, after)
    return index.skipped(git)


def _listed(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _keep(git: Git, control: Path, written: Journal, versions: list[Tree], others: Tree) -> str:
    """The commit of people's edits to the files, together with `others`; an empty text if there are none.

    Each of `versions`, such as the staged files, gets its own commit on top of the previous one. Edits that a
    killed undo kept stay in the history.
    """
    kept = written.kept
    for version in versions:
        edited = {path: each for path, each in version.items() if each not in written.changes[path]}
        tree = git.tree(kept) if kept else others
        if not edited or (kept and edited.items() <= tree.items()):
            continue
        oid = git.write_tree(tree | edited, control / SCRATCH)
        parent = kept or git.line("rev-parse", "--verify", "HEAD")
        kept = git.with_variables(**identity()).line("commit-tree", oid, "-p", parent, "-m", written.title)
        Path(git.folder, git.line("rev-parse", "--git-path", f"{UNDONE}.lock")).unlink(missing_ok=True)
        git.run("update-ref", "--create-reflog", UNDONE, kept)
    return kept


def _reset(git: Git, paths: list[str], restored: Tree, skipped: set[str], nothing: Entry) -> None:
    """Restore the index as it was before the change, only for these paths."""
    skipped = restored.keys() & (skipped | index.skipped(git))
    # remove first: a path in conflict has no entry at stage 0, and a file can become a folder
    git.run("update-index", "-z", "--index-info", data=index_lines(dict.fromkeys(paths, nothing)))
    git.run("update-index", "-z", "--index-info", data=index_lines(restored))
    git.run("update-index", "--skip-worktree", "-z", "--stdin", data=_listed(skipped))
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
