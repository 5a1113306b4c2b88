"""Three trees into one: what the old version rendered, what the new one renders, and what people made of it.

Which file belongs to which is decided here, for git would guess it by likeness: it pairs files that have
nothing to do with each other. What is in the files is merged by git. The guarantee: no line of the user's
is lost; where git cannot tell what to do, both sides stay, as a conflict.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..git.objects import Entry, Tree, records
from ..git.process import BEGINNING, GitError, identity
from ..git.runner import Git

Place = Callable[[str], str]

# how alike files must be to be one that moved: with another name, and with the same
ALIKE, ALIKE_OF_SAME_NAME = 90, 60
SAID_TO_BE_LIKE = re.compile(r"R(\d+)")


@dataclass(frozen=True, slots=True)
class Sides:
    """What is merged: the files of the old render (base), of the new one, and of the user."""

    base: Tree
    new: Tree
    user: Tree


@dataclass(frozen=True, slots=True)
class Labels:
    """How conflict markers name the sides."""

    base: str
    new: str
    user: str = "yours"


@dataclass(slots=True)
class Merged:
    tree: Tree
    conflicts: dict[str, dict[int, Entry]] = field(default_factory=dict)
    """The sides of each file in conflict: 1 is the old render's, 2 the user's, 3 the new render's."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Where files of the user went, by where they were."""
    left_alone: dict[str, str] = field(default_factory=dict)
    """Files that the new version changes but the project does not take, with the reasons."""


def merge(git: Git, sides: Sides, declared: Place, labels: Labels, index: Path) -> Merged:
    """Merge the new render into the user's files. `declared` is where the template says that a file went."""
    trees = [git.write_tree(tree, index) for tree in (sides.base, sides.new, sides.user)]
    placed, renamed = _in_their_places(git, sides, declared, *trees)
    merged = Merged({}, renamed=renamed)
    dropped = _without_deletions(placed, merged)
    _merge_contents(git, placed, merged, labels, index)
    for path, entries in dropped.items():
        kept_at = f"{path}~{labels.user}" if _is_folder(path, merged.tree) else path
        merged.tree[kept_at] = entries[2]
        merged.conflicts[kept_at] = entries
    return merged


def _is_folder(path: str, tree: Tree) -> bool:
    return any(other.startswith(f"{path}/") for other in tree)


def _in_their_places(
    git: Git, sides: Sides, declared: Place, base: str, new: str, user: str
) -> tuple[Sides, dict[str, str]]:
    """Give a file one path on all sides: where the user put it, else where the template did."""
    by_template = _declared_renames(sides, declared)
    by_likeness = _alike(git, base, new, sides.base)
    for source, target in by_likeness.items():
        if source not in by_template and target not in by_template.values() and target not in sides.user:
            by_template[source] = target
    by_user = {
        source: target
        for source, target in _alike(git, base, user, sides.base).items()
        if target not in sides.new
    }
    followers = _followers(sides, declared)
    from_template = {target: source for source, target in by_template.items()}
    from_user = {target: source for source, target in by_user.items()}

    def place(path: str) -> str:
        placed = by_user.get(path) or by_template.get(path) or path
        return followers.get(placed, placed)

    placed = Sides(
        base={place(path): entry for path, entry in sides.base.items()},
        new={place(from_template.get(path, path)): entry for path, entry in sides.new.items()},
        user={place(from_user.get(path, path)): entry for path, entry in sides.user.items()},
    )
    renamed = {source: target for source, target in by_template.items() if source in sides.user}
    return placed, renamed | followers


def _followers(sides: Sides, declared: Place) -> dict[str, str]:
    """Files of the user's own in folders that the template moves: they go with the rest of the folder."""
    own = {path: declared(path) for path in sides.user.keys() - sides.base.keys() - sides.new.keys()}
    taken = sides.base.keys() | sides.new.keys() | sides.user.keys()
    return {path: target for path, target in own.items() if path != target and target not in taken}


def _declared_renames(sides: Sides, declared: Place) -> dict[str, str]:
    """What the template declares, as far as it is so here, and nothing of the user's is in the way."""
    pairs = {path: declared(path) for path in sides.base}
    return {
        source: target
        for source, target in pairs.items()
        if source != target
        and target in sides.new
        and not {source} & sides.new.keys()
        and not {target} & (sides.base.keys() | sides.user.keys())
    }


def _alike(git: Git, before: str, after: str, old: Tree) -> dict[str, str]:
    """Files of `old`, which is the tree `before`, that moved in the tree `after`, as their contents tell.

    Contents that are there several times tell nothing: they are left out.
    """
    copies = Counter(entry.oid for entry in old.values())
    listed = records(
        git.run(
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            f"-M{ALIKE_OF_SAME_NAME}%",
            "-l0",
            "--diff-filter=R",
            before,
            after,
        )
    )
    moved = {}
    for meta, source, target in zip(listed[::3], listed[1::3], listed[2::3], strict=True):
        match = SAID_TO_BE_LIKE.search(meta.rsplit(" ", 1)[1])
        likeness = int(match[1]) if match else 0
        same_name = PurePosixPath(source).name == PurePosixPath(target).name
        enough = likeness >= (ALIKE_OF_SAME_NAME if same_name else ALIKE)
        if enough and copies[old[source].oid] == 1:
            moved[source] = target
    return moved


def _without_deletions(sides: Sides, merged: Merged) -> dict[str, dict[int, Entry]]:
    """Take out of the sides what one of them deleted, deciding it; the files that are in conflict by it."""
    dropped = {}
    for path, old in list(sides.base.items()):
        ours, theirs = sides.user.get(path), sides.new.get(path)
        if ours and theirs:
            continue
        del sides.base[path]
        sides.user.pop(path, None)
        sides.new.pop(path, None)
        if theirs and theirs != old:
            merged.left_alone[path] = "you deleted it"
        elif ours and ours != old:
            dropped[path] = {1: old, 2: ours}
    return dropped


def _merge_contents(git: Git, sides: Sides, merged: Merged, labels: Labels, index: Path) -> None:
    """Let git merge files that are on both sides. None is deleted on one, so that it looks for no renames."""
    git = git.with_variables(**identity(date=BEGINNING))
    base, new, user = (git.write_tree(tree, index) for tree in (sides.base, sides.new, sides.user))
    ancestor = git.line("commit-tree", base, "-m", "base")
    ours = git.line("commit-tree", user, "-p", ancestor, "-m", "yours")
    theirs = git.line("commit-tree", new, "-p", ancestor, "-m", "new")
    names = {ours: labels.user, theirs: labels.new}
    # status 1: there are conflicts
    output = git.run(
        "-c",
        "merge.conflictStyle=diff3",
        "merge-tree",
        "--write-tree",
        "-z",
        "--no-messages",
        ours,
        theirs,
        accept=(0, 1),
    )
    if not output:
        raise GitError("git merge-tree failed: it wrote nothing. `git fsck` tells what is missing")
    oid, *staged = records(output)
    tree = git.tree(oid)
    for line in staged:
        meta, _, path = line.partition("\t")
        mode, blob, stage = meta.split()
        merged.conflicts.setdefault(path, {})[int(stage)] = Entry(mode, blob)
    _label(git, tree, merged.conflicts, names, ancestor, labels.base)
    merged.tree = {_named(path, names): entry for path, entry in tree.items()}
    merged.conflicts = {_named(path, names): entries for path, entries in merged.conflicts.items()}


def _label(
    git: Git, tree: Tree, paths: Container[str], names: Mapping[str, str], ancestor: str, base: str
) -> None:
    """Put names for people where git put ids into conflict markers."""
    files = {path: entry for path, entry in tree.items() if path in paths}
    contents = git.read(entry.oid for entry in files.values())
    for path, entry in files.items():
        text = contents[entry.oid]
        for oid, name in names.items():
            text = text.replace(oid.encode(), name.encode())
        text = re.sub(
            rb"(?m)^(\|{7,}) ([0-9a-f]{4,64})(?=:|\r?$)",
            lambda match: (
                match[1] + b" " + (base.encode() if ancestor.encode().startswith(match[2]) else match[2])
            ),
            text,
        )
        if text != contents[entry.oid]:
            tree[path] = Entry(entry.mode, git.write(text))


def _named(path: str, names: Mapping[str, str]) -> str:
    """A path to which git added the id of a side, since a file of one is a folder of the other."""
    for oid, name in names.items():
        path = path.replace(oid, name.replace(" ", "-"))
    return path
