"""Git's files, folders and trees as values: their ids, and git's input and output formats."""

import hashlib
import os
import stat
from collections.abc import Container, Iterable
from pathlib import Path
from typing import NamedTuple

from .process import GitError

REGULAR, EXECUTABLE, SYMBOLIC_LINK = "100644", "100755", "120000"
SUBMODULE, FOLDER = "160000", "040000"
NO_FILE = "000000"

# parts of paths that git refuses to check out, but that a crafted tree can contain
NOWHERE = {"", ".", "..", ".git"}


class Entry(NamedTuple):
    """An entry of a tree: its mode (six octal digits) and the id of its content."""

    mode: str
    oid: str


Tree = dict[str, Entry]
"""The files of a tree by path. Paths are relative and use slashes."""


Differences = dict[str, tuple[Entry | None, Entry | None]]
"""The entries of files that differ between two trees; None on a side without the file."""


Conflicts = dict[str, dict[int, Entry]]
"""The sides of each file in conflict: 1 is the old version's, 2 the user's, 3 the new version's."""


def mode(path: Path) -> str:
    """A file's mode as git stores it."""
    status = path.lstat().st_mode
    if stat.S_ISLNK(status):
        return SYMBOLIC_LINK
    return EXECUTABLE if status & stat.S_IXUSR else REGULAR


def folder_id(folder: Path, names: Container[str] | None = None) -> str:
    """The id of a folder's content, or of its entries with these names. Byte code is ignored."""
    return tree_id(
        {
            found.name: _entry(Path(found.path))
            for found in os.scandir(folder)
            if found.name != "__pycache__" and (names is None or found.name in names)
        }
    )


def tree_id(entries: Tree) -> str:
    """The id of a folder with these entries."""
    lines = (
        b"%b %b\0%b" % (entry.mode.lstrip("0").encode(), os.fsencode(name), bytes.fromhex(entry.oid))
        for name, entry in sorted(entries.items(), key=_order)
    )
    return _object_id("tree", b"".join(lines))


def index_lines(tree: Tree) -> bytes:
    """A tree in the input format of `git update-index -z --index-info`."""
    return b"".join(
        f"{entry.mode} {entry.oid}\t".encode() + os.fsencode(path) + b"\0" for path, entry in tree.items()
    )


def nul_separated(output: bytes) -> list[str]:
    """The parts of `-z` output."""
    return [os.fsdecode(part) for part in output.split(b"\0") if part]


def listed(output: bytes) -> Tree:
    """The entries in the output of `git ls-tree -z`."""
    tree = {}
    for record in nul_separated(output):
        meta, _, path = record.partition("\t")
        if not NOWHERE.isdisjoint(path.lower().split("/")):
            raise GitError(f"git lists a file that cannot be in a working tree: {path}")
        mode, _, oid = meta.split(" ")
        tree[path] = Entry(mode, oid)
    return tree


def before_and_after(meta: str) -> tuple[Entry | None, Entry | None]:
    """The two entries of a line such as `:100644 000000 ID ID D`."""
    old_mode, new_mode, old, new, _ = meta.removeprefix(":").split(" ")
    return (
        Entry(old_mode, old) if old_mode != NO_FILE else None,
        Entry(new_mode, new) if new_mode != NO_FILE else None,
    )


def contents(output: bytes, oids: Iterable[str]) -> dict[str, bytes]:
    """Contents by id, from the output of `git cat-file --batch`. Each id must be requested once."""
    found, at = {}, 0
    for oid in oids:
        end = output.index(b"\n", at)
        header = output[at:end].split()
        if header[-1] == b"missing":
            raise GitError(f"the repository lacks the object {oid}. In a partial clone: git fetch --refetch")
        size = int(header[2])
        found[oid] = output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


def _entry(path: Path) -> Entry:
    kept_as = mode(path)
    if kept_as == SYMBOLIC_LINK:
        return Entry(kept_as, _object_id("blob", os.fsencode(os.readlink(path))))
    if path.is_dir():
        return Entry(FOLDER, folder_id(path))
    return Entry(kept_as, _object_id("blob", path.read_bytes()))


def _order(named: tuple[str, Entry]) -> bytes:
    name, entry = named
    return os.fsencode(f"{name}/" if entry.mode == FOLDER else name)


def _object_id(kind: str, content: bytes) -> str:
    header = b"%b %d\0" % (kind.encode(), len(content))
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
