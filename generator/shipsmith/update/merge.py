"""Merges three trees: the old version's render, the new version's render, and the user's files.

We pair the files (`pairing`), because git would guess by similarity and pair unrelated files. Git merges
their contents. No line of the user's is ever lost: if git cannot decide, both sides stay, as a conflict.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..git.objects import Conflicts, Entry, Tree, nul_separated
from ..git.process import BEGINNING, GitError, identity
from ..git.runner import Git
from .pairing import Place, paired
from .sides import Sides


@dataclass(frozen=True, slots=True)
class Labels:
    """The names of the sides in conflict markers."""

    base: str
    new: str
    user: str = "yours"


@dataclass(frozen=True, slots=True)
class Merged:
    tree: Tree = field(default_factory=dict)
    conflicts: Conflicts = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    """Moves of the user's files, from old to new path."""
    left_alone: dict[str, str] = field(default_factory=dict)
    """Files with changes in the new version that the project does not get, with the reasons."""


def merge(git: Git, sides: Sides, declared: Place, labels: Labels, index: Path) -> Merged:
    """Merge the new render into the user's files. `declared` are the renames that the template declares."""
    placed, renamed = paired(git, sides, declared, index)
    on_all_sides, dropped, left_alone = _without_deletions(placed)
    tree, conflicts = _merge_contents(git, on_all_sides, labels, index)
    for path, entries in dropped.items():
        kept_at = f"{path}~{labels.user}" if _is_folder(path, tree) else path
        tree[kept_at] = entries[2]
        conflicts[kept_at] = entries
    return Merged(tree, conflicts, renamed, left_alone)


def _is_folder(path: str, tree: Tree) -> bool:
    return any(other.startswith(f"{path}/") for other in tree)


def _without_deletions(sides: Sides) -> tuple[Sides, Conflicts, dict[str, str]]:
    """The sides without deleted files, the conflicts of these files, and the files left alone."""
    deleted, dropped, left_alone = set(), {}, {}
    for path, old in sides.base.items():
        ours, theirs = sides.user.get(path), sides.new.get(path)
        if ours and theirs:
            continue
        deleted.add(path)
        if theirs and theirs != old:
            left_alone[path] = "you deleted it"
        elif ours and ours != old:
            dropped[path] = {1: old, 2: ours}
    return sides.without(deleted), dropped, left_alone


def _merge_contents(git: Git, sides: Sides, labels: Labels, index: Path) -> tuple[Tree, Conflicts]:
    """Let git merge files that are on both sides. No file is deleted, so that git does not detect renames."""
    git = git.with_variables(**identity(date=BEGINNING))
    base_id, new_id, user_id = (git.write_tree(tree, index) for tree in (sides.base, sides.new, sides.user))
    ancestor = git.line("commit-tree", base_id, "-m", "base")
    ours = git.line("commit-tree", user_id, "-p", ancestor, "-m", "yours")
    theirs = git.line("commit-tree", new_id, "-p", ancestor, "-m", "new")
    names = {ours: labels.user, theirs: labels.new}
    command = ["-c", "merge.conflictStyle=diff3", "merge-tree", "--write-tree", "-z", "--no-messages"]
    # status 1: conflicts
    output = git.run(*command, ours, theirs, accept=(0, 1))
    if not output:
        raise GitError("git merge-tree failed: it printed nothing. Run `git fsck` to see what is missing")
    tree_id, *unmerged = nul_separated(output)
    conflicts = _conflicts(unmerged)
    tree = git.tree(tree_id)
    tree |= _labelled(git, tree, conflicts, names, (ancestor, labels.base))
    return (
        {_named(path, names): entry for path, entry in tree.items()},
        {_named(path, names): entries for path, entries in conflicts.items()},
    )


def _conflicts(unmerged: list[str]) -> Conflicts:
    conflicts: Conflicts = {}
    for line in unmerged:
        meta, _, path = line.partition("\t")
        mode, oid, stage = meta.split()
        conflicts.setdefault(path, {})[int(stage)] = Entry(mode, oid)
    return conflicts


def _labelled(
    git: Git, tree: Tree, paths: Container[str], names: Mapping[str, str], ancestor: tuple[str, str]
) -> Tree:
    """The files in conflict, with readable names instead of ids in the markers."""
    files = {path: entry for path, entry in tree.items() if path in paths}
    contents = git.read(entry.oid for entry in files.values())
    labelled = {}
    for path, entry in files.items():
        text = contents[entry.oid]
        for oid, name in names.items():
            text = text.replace(oid.encode(), name.encode())
        text = _with_base_named(text, *ancestor)
        if text != contents[entry.oid]:
            labelled[path] = Entry(entry.mode, git.write(text))
    return labelled


def _with_base_named(text: bytes, ancestor: str, label: str) -> bytes:
    """Git abbreviates the id of the common ancestor, unlike those of the sides."""
    return re.sub(
        rb"(?m)^(\|{7,}) ([0-9a-f]{4,64})(?=:|\r?$)",
        lambda match: (
            match[1] + b" " + (label.encode() if ancestor.encode().startswith(match[2]) else match[2])
        ),
        text,
    )


def _named(path: str, names: Mapping[str, str]) -> str:
    """A path with the id of a side, which git appends if a file on one side is a folder on the other."""
    for oid, name in names.items():
        path = path.replace(oid, name.replace(" ", "-"))
    return path
