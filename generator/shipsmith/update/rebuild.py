"""Files that are made from other files of a project: gRPC stubs and locks.

They are in no render. After a merge they are made anew from what was merged, where what they are made
from has changed. Stubs are the compiler's alone, as their first line says; a lock can hold what people
added to it, and keeps that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ..git.runner import EXECUTABLE, REGULAR, Entry, Git, Tree
from ..rendering.derived import grpc_stubs, own_lock, python_lock
from ..template.versions import Template

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Derived:
    tree: Tree
    left_alone: dict[str, str]
    """Files that stay as the user edited them, with the reasons."""


def make_again(git: Git, before: Tree, after: Tree, old: Template, new: Template) -> Derived:
    """`after`, a merged project, with its derived files; `before` is the project as it was."""
    derived = Derived(dict(after), {})
    if _below("proto/", before) != _below("proto/", after):
        base = _made(git, _below("proto/", before), grpc_stubs.write)
        made = _made(git, _below("proto/", after), grpc_stubs.write)
        _take(git, derived, before, base, made, lambda _path, _base, _user, made: made)
    changed = before.get("pyproject.toml") != after.get("pyproject.toml")
    if changed or _universe(old.root) != _universe(new.root):
        base = _made(git, _only("pyproject.toml", before), partial(python_lock.write_known, root=old.root))
        made = _made(git, _only("pyproject.toml", after), partial(python_lock.write_known, root=new.root))
        _take(git, derived, before, base, made, python_lock.merge)
    source = own_lock.SOURCE.as_posix()
    if before.get(source) != after.get(source) or old != new:
        base = _made(git, _only(source, before), lambda folder: own_lock.write(folder, old))
        made = _made(git, _only(source, after), lambda folder: own_lock.write(folder, new))
        _take(git, derived, before, base, made, python_lock.merge)
    return derived


def _take(
    git: Git,
    derived: Derived,
    before: Tree,
    base: Files,
    new: Files,
    merge: Callable[[str, bytes, bytes, bytes], bytes],
) -> None:
    """Put `new` into the project: `base` is what was made before, of which people may have edited some."""
    paths = sorted(base.keys() | new.keys())
    contents = git.read(before[path].oid for path in paths if path in before)
    for path in paths:
        made_before, made_now = base.get(path), new.get(path)
        theirs = contents[before[path].oid] if path in before else None
        if made_now == made_before or (theirs is None and made_before is not None):
            continue
        if theirs == made_before:
            merged = made_now
        elif theirs is not None and made_before is not None and made_now is not None:
            merged = merge(path, made_before, theirs, made_now)
        else:
            merged = None
        if merged is not None:
            derived.tree[path] = Entry(REGULAR, git.write(merged))
        elif made_now is None and theirs == made_before:
            derived.tree.pop(path, None)
        else:
            derived.left_alone[path] = "you edited it, and it is made from other files"


def _made(git: Git, sources: Tree, make: Callable[[Path], None]) -> Files:
    """What `make` adds to a folder of those `sources` that are files: links would lead nowhere there."""
    sources = {path: entry for path, entry in sources.items() if entry.mode in (REGULAR, EXECUTABLE)}
    with TemporaryDirectory(prefix="shipsmith-") as name:
        folder = Path(name)
        (folder / "src").mkdir()
        contents = git.read(entry.oid for entry in sources.values())
        for path, entry in sources.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(contents[entry.oid])
        if sources:
            make(folder)
        files = (path for path in folder.rglob("*") if path.is_file())
        made = {path.relative_to(folder).as_posix(): path for path in files}
        return {path: file.read_bytes() for path, file in made.items() if path not in sources}


def _below(prefix: str, tree: Tree) -> Tree:
    return {path: entry for path, entry in tree.items() if path.startswith(prefix)}


def _only(path: str, tree: Tree) -> Tree:
    return {path: tree[path]} if path in tree else {}


def _universe(root: Path) -> bytes:
    return (root / python_lock.UNIVERSE).read_bytes()
