"""Measures which user content an update loses.

A tree maps paths to contents. A line is the user's if their file contains it and the pristine file, as
generated, does not; a binary file counts as one line. It is lost if no file contains it after the update: a
line that moved, or is in a conflict, is not lost. Blank lines do not count. Derived files, such as lock
files and gRPC stubs, do not count either: nobody writes them.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .tools import git

Tree = Mapping[str, bytes]

DERIVED = re.compile(r"(requirements(-dev)?|\.github/shipsmith)\.lock|.*_pb2(_grpc)?\.pyi?")


@dataclass(frozen=True)
class Moves:
    """Renames, from old to new paths."""

    by_user: Mapping[str, str] = field(default_factory=dict)
    by_template: Mapping[str, str] = field(default_factory=dict)

    def origin(self, path: str) -> str:
        """The generated name of the user's file."""
        return {new: old for old, new in self.by_user.items()}.get(path, path)


@dataclass(frozen=True)
class Losses:
    lines: Counter[bytes]
    """Lost lines of text, with their numbers of occurrences."""
    binaries: list[str]
    """Paths of binary files whose content is lost."""
    files: list[str]
    """Paths that the user chose for files and that are gone. A file may move along with its folder."""
    came_back: list[str]
    """Paths that the user deleted or renamed, and that exist again without a conflict."""

    @property
    def count(self) -> int:
        """Lines, binaries and files."""
        return self.lines.total() + len(self.binaries) + len(self.files)

    def details(self) -> Iterator[str]:
        """The losses, in words."""
        for line, times in self.lines.items():
            yield f"lost {times} times: {line.decode(errors='replace')}"
        yield from (f"lost binary: {path}" for path in self.binaries)
        yield from (f"lost file: {path}" for path in self.files)
        yield from (f"came back: {path}" for path in self.came_back)


def read(folder: Path) -> Tree:
    """The files below `folder`, except git's."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def losses(pristine: Tree, edited: Tree, after: Tree, moves: Moves, conflicts: Collection[str]) -> Losses:
    """Compare the user's files before and after the update."""
    own_lines: Counter[bytes] = Counter()
    binaries = []
    contents = set(after.values())
    for path, content in edited.items():
        origin = pristine.get(moves.origin(path), b"")
        if content == origin or DERIVED.fullmatch(path):
            continue
        if is_binary(content):
            binaries += [path] if content not in contents else []
        else:
            own_lines += _lines(content) - _lines(origin)
    return Losses(
        lines=own_lines - _all_lines(after),
        binaries=sorted(binaries),
        files=_gone(edited.keys() - pristine.keys(), edited, after),
        came_back=_back(pristine.keys() - edited.keys(), after, moves, conflicts),
    )


def renames(repository: Path, old: str, new: str) -> dict[str, str]:
    """The renames between two commits that git detects, from old to new paths."""
    listed = git(repository, "diff", "--find-renames", "--diff-filter=R", "--name-status", "-z", old, new)
    fields = listed.split("\0")[:-1]
    return dict(zip(fields[1::3], fields[2::3], strict=True))


def _gone(added: Collection[str], edited: Tree, after: Tree) -> list[str]:
    names_of_new = {PurePosixPath(path).name for path in after.keys() - edited.keys()}
    return sorted(
        path for path in added if path not in after and PurePosixPath(path).name not in names_of_new
    )


def _back(gone: Collection[str], after: Tree, moves: Moves, conflicts: Collection[str]) -> list[str]:
    candidates = {*gone, *(moves.by_template.get(path, path) for path in gone)}
    return sorted((candidates & after.keys()) - set(conflicts))


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line for line in content.splitlines() if line.strip())


def _all_lines(tree: Tree) -> Counter[bytes]:
    total: Counter[bytes] = Counter()
    for content in tree.values():
        if not is_binary(content):
            total.update(_lines(content))
    return total


def is_binary(content: bytes) -> bool:
    return b"\0" in content
