"""Which file of one side is which of another: where the user moved one, and where the template did."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ..git.objects import Tree, nul_separated
from ..git.runner import Git
from .sides import Sides

Place = Callable[[str], str]

# how alike files must be to be one that moved: with another name, and with the same
ALIKE, ALIKE_OF_SAME_NAME = 90, 60
SAID_TO_BE_LIKE = re.compile(r"R(\d+)")


def paired(git: Git, sides: Sides, declared: Place, index: Path) -> tuple[Sides, dict[str, str]]:
    """The sides, with one path for a file on all of them: where the user put it, else where the template did.

    And where files of the user go by that, by where they are.
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
    """What the template moved: as it declares, else as likeness tells."""
    moved = _declared_renames(sides, declared)
    for source, target in alike.items():
        if source not in moved and target not in moved.values() and target not in sides.user:
            moved[source] = target
    return moved


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


def _alike(git: Git, before_id: str, after_id: str, before: Tree) -> dict[str, str]:
    """Files of the tree `before` that moved in another one, as their contents tell.

    Contents that are there several times tell nothing: they are left out.
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
