"""Keeps Windows line endings in files that the user committed with them."""

from collections.abc import Container

from ..git.objects import Entry, Tree
from ..git.runner import Git
from .sides import Sides


def keep(git: Git, sides: Sides) -> Sides:
    """The sides, with the line endings of the user's files in the renders of these files."""
    edited = [
        path for path, entry in sides.user.items() if path in sides.base and sides.base[path].oid != entry.oid
    ]
    contents = git.read(sides.user[path].oid for path in edited)
    ending_so = {path for path in edited if _is_of_windows(contents[sides.user[path].oid])}
    return Sides(_turned(git, sides.base, ending_so), _turned(git, sides.new, ending_so), sides.user)


def _is_of_windows(content: bytes) -> bool:
    return b"\r\n" in content and content.count(b"\r\n") == content.count(b"\n")


def _turned(git: Git, tree: Tree, paths: Container[str]) -> Tree:
    return {
        path: _with_carriage_returns(git, entry) if path in paths else entry for path, entry in tree.items()
    }


def _with_carriage_returns(git: Git, entry: Entry) -> Entry:
    content = git.read([entry.oid])[entry.oid]
    return entry if b"\0" in content else Entry(entry.mode, git.write(content.replace(b"\n", b"\r\n")))
