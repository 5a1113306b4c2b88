"""Undo a change that is not committed yet, however it ended."""

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
    """Files that stay as they are: people committed what the change made of them."""
    kept: str
    """The commit of what these files were where people had changed them since, which UNDONE names."""
    kept_ignored: Path | None
    """A folder with what people made of files that git ignores."""


def undo(project: Project) -> Undone:
    """Put everything back as it was before the last change, which is not committed yet."""
    with change.alone(project) as git:
        left = change.under_way(project)
        if not left:
            raise UserError("nothing to undo: there is no uncommitted shipsmith change")
        return _undo(git, project, left)


def _undo(git: Git, project: Project, written: Journal) -> Undone:
    """Put back every file that the change touched and that is not committed since."""
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
        with noted("Not all files may be back yet. Put them back: shipsmith undo"):
            restored = {path: before for path in paths if (before := written.changes[path][0])}
            skipped = _put_back(git, control, present, restored)
            kept_ignored = ignored.put_back(git, control, files)
            _reset(held.git, paths, restored, skipped, nothing(written.head))
            held.publish()
            journal.forget(control)
    ignored.forget(control)
    return Undone(sorted({*paths, *files}), sorted(committed), kept, kept_ignored)


def _committed(written: Journal, head: Tree, staged: Tree) -> set[str]:
    """The files of which HEAD has what the change made of them, or what people made of that."""
    return {
        path
        for path, (before, after) in written.changes.items()
        if head.get(path) == after or before != head.get(path) == staged.get(path)
    }


def _check_ways_back(git: Git, written: Journal, paths: list[str], files: Iterable[str]) -> None:
    """Raise UserError where people put something that would be lost, or would lead elsewhere."""
    problems = []
    for path in (*paths, *files):
        links = [link for link in links_above(git.folder, path) if link not in written.changes]
        problems += [f"{link} is a symbolic link now, and was a folder" for link in links]
    for path in paths:
        before, _ = written.changes[path]
        folder = git.folder / path
        if before and before.mode != SUBMODULE and folder.is_dir() and not folder.is_symlink():
            within = (each.relative_to(git.folder).as_posix() for each in folder.rglob("*") if is_file(each))
            if own := set(within) - written.changes.keys():
                problems.append(f"{path} is a folder now, with {', '.join(sorted(own))}, and was a file")
    if problems:
        raise UserError(*dict.fromkeys(problems), "move them away, then run this again")


def _present(git: Git, control: Path, paths: list[str]) -> Tree:
    """Those of `paths` that are files now, as git would add them, which is what PRESENT is an index of."""
    existing = [path for path in paths if is_file(git.folder / path) and not links_above(git.folder, path)]
    git = git.with_variables(GIT_INDEX_FILE=str(control / PRESENT))
    git.run("read-tree", "--empty")
    git.run("update-index", "--add", "-z", "--stdin", data=_listed(existing))
    return git.tree(git.line("write-tree"))


def _put_back(git: Git, control: Path, present: Tree, restored: Tree) -> set[str]:
    """Write `restored` in place of the files that are present; those that a sparse checkout leaves out.

    Git refuses where one changed meanwhile.
    """
    # submodules are left as they are
    files = {path: entry for path, entry in restored.items() if entry.mode != SUBMODULE}
    before, after = (git.write_tree(tree, control / SCRATCH) for tree in (present, files))
    git = git.with_variables(GIT_INDEX_FILE=str(control / PRESENT))
    git.run("read-tree", "-m", "-u", before, after)
    return index.skipped(git)


def _listed(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _keep(git: Git, control: Path, written: Journal, versions: list[Tree], others: Tree) -> str:
    """The commit of what people made of the files since, beside `others`; nothing where they changed none.

    Each of `versions`, such as what is staged, gets a commit of its own on top of the one before it. An undo
    that was killed has perhaps kept some before it put them back: those stay in.
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
    """The index as it was before the change, for these paths alone."""
    skipped = restored.keys() & (skipped | index.skipped(git))
    # out first: a path in conflict has no entry at stage 0, and a file can become a folder
    git.run("update-index", "-z", "--index-info", data=index_lines(dict.fromkeys(paths, nothing)))
    git.run("update-index", "-z", "--index-info", data=index_lines(restored))
    git.run("update-index", "--skip-worktree", "-z", "--stdin", data=_listed(skipped))
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
