"""The ids that git gives to files and folders, computed without git."""

import hashlib
import os
from collections.abc import Container, Iterable
from pathlib import Path
from typing import NamedTuple

FOLDER, FILE, PROGRAM, LINK = "40000", "100644", "100755", "120000"


class Entry(NamedTuple):
    """What stands in a folder: its name, its mode as git writes it, and the id of its content."""

    name: bytes
    mode: str
    id: str


def folder_id(folder: Path, names: Container[str] | None = None) -> str:
    """The id of a folder's content, or of that part of it which has these names; byte code does not count."""
    return tree_id(
        _entry(found)
        for found in os.scandir(os.fsencode(folder))
        if found.name != b"__pycache__" and (names is None or os.fsdecode(found.name) in names)
    )


def tree_id(entries: Iterable[Entry]) -> str:
    """The id of a folder that has these entries."""
    lines = (
        b"%b %b\0%b" % (entry.mode.encode(), entry.name, bytes.fromhex(entry.id))
        for entry in sorted(entries, key=_order)
    )
    return _object_id("tree", b"".join(lines))


def _entry(found: os.DirEntry[bytes]) -> Entry:
    if found.is_symlink():
        return Entry(found.name, LINK, _object_id("blob", os.readlink(found.path)))
    if found.is_dir():
        return Entry(found.name, FOLDER, folder_id(Path(os.fsdecode(found.path))))
    with open(found.path, "rb") as file:
        runs = os.fstat(file.fileno()).st_mode & 0o100
        return Entry(found.name, PROGRAM if runs else FILE, _object_id("blob", file.read()))


def _order(entry: Entry) -> bytes:
    return entry.name + b"/" if entry.mode == FOLDER else entry.name


def _object_id(kind: str, content: bytes) -> str:
    header = b"%b %d\0" % (kind.encode(), len(content))
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
