"""The three sides of a merge."""

from collections.abc import Container
from dataclasses import dataclass

from ..git.objects import Tree


@dataclass(frozen=True, slots=True)
class Sides:
    """The input of a merge. Steps that resolve some files return the sides without them."""

    base: Tree
    """The old version's render."""
    new: Tree
    """The new version's render."""
    user: Tree
    """The user's files."""

    def without(self, paths: Container[str]) -> "Sides":
        return Sides(_without(self.base, paths), _without(self.new, paths), _without(self.user, paths))

    def as_the_user_has(self, paths: Container[str]) -> "Sides":
        """The sides without the renders of these paths, so that the user's files do not change."""
        return Sides(_without(self.base, paths), _without(self.new, paths), self.user)


def _without(tree: Tree, paths: Container[str]) -> Tree:
    return {path: entry for path, entry in tree.items() if path not in paths}
