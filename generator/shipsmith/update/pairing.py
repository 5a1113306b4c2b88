"""Pairs the files of the sides: finds files that the user or the template moved."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ..git.objects import Tree, nul_separated
from ..git.runner import Git
from .sides import Sides

Place = Callable[[str], str]

# minimum similarity of a moved file: with another name, and with the same name
ALIKE, ALIKE_OF_SAME_NAME = 90, 60
SAID_TO_BE_LIKE = re.compile(r"R(\d+)")


def paired(git: Git, sides: Sides, declared: Place, index: Path) -> tuple[Sides, dict[str, str]]:
    """The sides, with each file at the same path on all of them: the user's path, or else the template's.

    Also the moves of the user's files, from old to new path.
    """
    base_id, new_id, user_id = (git.write_tree(tree, index) for tree in (sides.base, sides.new, sides.user))
    by_template = _by_template(sides, declared, _alike(git, base_id, new_id, sides.base))
    by_user = {
        source: target
        for source, target in _alike(git, base_id, user_id, sides.base).items()
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


def _by_template(sides: Sides, declared: Place, alike: dict[str, str]) -> dict[str, str]:
    """The files that the template moved: declared renames, and others by similarity."""
    moved = _declared_renames(sides, declared)
    for source, target in alike.items():
        if source not in moved and target not in moved.values() and target not in sides.user:
            moved[source] = target
    return moved


def _followers(sides: Sides, declared: Place) -> dict[str, str]:
    """The user's own files in folders that the template moves: they move with the folder."""
    own = {path: declared(path) for path in sides.user.keys() - sides.base.keys() - sides.new.keys()}
    taken = sides.base.keys() | sides.new.keys() | sides.user.keys()
    return {path: target for path, target in own.items() if path != target and target not in taken}


def _declared_renames(sides: Sides, declared: Place) -> dict[str, str]:
    """The declared renames that apply to this project and whose targets the user does not use."""
    pairs = {path: declared(path) for path in sides.base}
    return {
        source: target
        for source, target in pairs.items()
        if source != target
        and target in sides.new
        and not {source} & sides.new.keys()
        and not {target} & (sides.base.keys() | sides.user.keys())
    }


def _alike(git: Git, before_id: str, after_id: str, before: Tree) -> dict[str, str]:
    """Files of the tree `before` that moved in another tree, by similarity.

    Contents that occur several times are left out, because they are ambiguous.
    """
    copies = Counter(entry.oid for entry in before.values())
    likeness = [f"-M{ALIKE_OF_SAME_NAME}%", "-l0", "--diff-filter=R"]
    output = nul_separated(git.run("diff-tree", "-r", "-z", "--raw", *likeness, before_id, after_id))
    moved = {}
    for meta, source, target in zip(output[::3], output[1::3], output[2::3], strict=True):
        match = SAID_TO_BE_LIKE.search(meta.rsplit(" ", 1)[1])
        same_name = PurePosixPath(source).name == PurePosixPath(target).name
        enough = (int(match[1]) if match else 0) >= (ALIKE_OF_SAME_NAME if same_name else ALIKE)
        if enough and copies[before[source].oid] == 1:
            moved[source] = target
    return moved
