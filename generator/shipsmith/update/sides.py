"""The three sides of a merge."""

from collections.abc import Container
from dataclasses import dataclass

from ..git.objects import Tree


@dataclass(frozen=True, slots=True)
class Sides:
    """What is merged. A step that decides something by itself returns the sides without it."""

    base: Tree
    """What the old version rendered."""
    new: Tree
    """What the new version renders."""
    user: Tree
    """What people made of it."""

    def without(self, paths: Container[str]) -> "Sides":
        return Sides(_without(self.base, paths), _without(self.new, paths), _without(self.user, paths))

    def as_the_user_has(self, paths: Container[str]) -> "Sides":
        """Without the renders of these paths, so that they stay as the user has them."""
        return Sides(_without(self.base, paths), _without(self.new, paths), self.user)


def _without(tree: Tree, paths: Container[str]) -> Tree:
    return {path: entry for path, entry in tree.items() if path not in paths}
