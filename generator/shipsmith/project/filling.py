"""Fills a folder that exists, so that a failure or an interruption restores what was there.

Files are prepared in a workspace in the folder, and then published one by one, under names that are free. A
journal in the workspace says what is published. If the process is killed, the next one with the same
destination restores what was there, or, if everything is there, only removes the workspace. The journal is
read as untrusted data.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import UserError
from ..git.locks import locked
from ..git.objects import NOWHERE, Entry, Tree, nul_separated
from ..git.runner import Git
from ..reading import bytes_of
from .workspace import remove

WORKSPACE = ".shipsmith-new"
PROJECT, SAVED, JOURNAL = "project", "saved", "journal.json"
LIMIT = 1 << 24  # bytes
OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
RIGHTS = 0o2777
"""Of folders: the permissions, and that their files get their group."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What is published. Paths are relative to the folder, digests are SHA-256."""

    files: dict[str, str]
    folders: list[str]
    replaced: dict[str, str] = field(default_factory=dict)
    """Files that were there and are moved to the workspace."""
    head: str | None = None
    """The commit of HEAD before, empty if there was none; None if the repository is not changed."""
    tree: str = ""
    """The tree that is then staged."""
    makes_repository: bool = False


@contextmanager
def alone(folder: Path) -> Iterator[int]:
    """Lock the folder for this process, and repair what a killed one left. Yields the lock's descriptor."""
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(folder, wait=False))
        except BlockingIOError as error:
            raise UserError(f"another shipsmith is at work in {folder}. Wait until it ends") from error
        repair(folder)
        yield descriptor


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """The workspace of a locked folder. It stays only if it has what could not be restored."""
    within = folder / WORKSPACE
    try:
        within.mkdir(0o700)
        yield within
    except BaseException:
        if not (within / JOURNAL).exists():
            remove(within)
        raise
    remove(within)


def describe(folder: Path, within: Path, paths: list[str], replaced: list[str]) -> Journal:
    """The journal for publishing the files with these paths of the workspace."""
    files = {path: _hashed((within / PROJECT / path).read_bytes()) for path in paths}
    before = {path: _hashed((folder / path).read_bytes()) for path in replaced}
    above = {str(each) for path in paths for each in PurePosixPath(path).parents if each.name}
    return Journal(
        files={path: digest for path, digest in files.items() if before.get(path) != digest},
        folders=sorted(each for each in above if not (folder / each).is_dir()),
        replaced={path: digest for path, digest in before.items() if files.get(path) != digest},
    )


def publish(folder: Path, within: Path, journal: Journal, finish: Callable[[], None] | None) -> None:
    """Move the files of the workspace to the folder. A failure restores what was there.

    `finish` then changes the repository; its last step is atomic.
    """
    _write(within, journal)
    try:
        for path, digest in journal.replaced.items():
            _set_aside(folder, within, path, digest)
        rights = folder.stat().st_mode & RIGHTS
        for each in journal.folders:
            (folder / each).mkdir()
            (folder / each).chmod(rights)
        for path in journal.files:
            _copy(within / PROJECT / path, folder / path, path)
        if finish:
            finish()
    except BaseException as error:
        try:
            for path in in_the_way(folder, within, journal):
                error.add_note(f"{folder / path} changed in the meantime and is left alone")
            _restore(folder, within, journal)
        except (OSError, UserError) as another:
            error.add_note(
                f"{folder} is not as it was: {another}. The next `shipsmith new` there restores it"
            )
        raise
    with suppress(OSError):
        (within / JOURNAL).unlink()


def repair(folder: Path) -> None:
    """Restore what was in a locked folder before a killed process began to fill it.

    Raises UserError, without changing anything, if files were edited since.
    """
    within = folder / WORKSPACE
    if within.is_symlink() or not within.is_dir():
        return
    journal = _read(within)
    if journal and not _is_complete(folder, journal):
        if changed := in_the_way(folder, within, journal):
            raise UserError(
                *(f"{folder / path} changed since an earlier `shipsmith new` was killed" for path in changed),
                "move these files away, then run this again: it removes the files that it created earlier",
            )
        _restore(folder, within, journal)
    remove(within)


def is_left(folder: Path) -> bool:
    """Whether a killed process left a workspace, which the next one repairs."""
    return (folder / WORKSPACE).is_dir() and not (folder / WORKSPACE).is_symlink()


def in_the_way(folder: Path, within: Path, journal: Journal) -> list[str]:
    """The paths of the journal where something else is by now."""
    found = []
    for path in journal.files | journal.replaced:
        digest = _digest(folder, path)
        expected = (None, journal.files.get(path), journal.replaced.get(path))
        if digest not in expected and not _is_part(folder, within, path, journal):
            found.append(path)
    if git := _git(folder, journal):
        staged = _staged(git)
        if staged != git.tree(journal.tree) and staged != _tree_before(git, journal):
            found.append(".git/index")
    return found


def _restore(folder: Path, within: Path, journal: Journal) -> None:
    """Remove the published files that nobody changed, and move those back that they replaced."""
    for path, digest in journal.files.items():
        found = _digest(folder, path)
        is_ours = found == digest or _is_part(folder, within, path, journal)
        if is_ours and found != journal.replaced.get(path):
            (folder / path).unlink()
    for path in journal.replaced:
        saved = within / SAVED / path
        if saved.exists() and not os.path.lexists(folder / path):
            saved.rename(folder / path)
    for each in reversed(journal.folders):
        with suppress(OSError):
            (folder / each).rmdir()
    git = _git(folder, journal)
    if git and _staged(git) == git.tree(journal.tree):
        git.run("read-tree", journal.head or "--empty")
    if not any((within / SAVED / path).exists() for path in journal.replaced):
        (within / JOURNAL).unlink()


def _is_complete(folder: Path, journal: Journal) -> bool:
    """Whether the process was killed after its last step, or people went on from there."""
    if journal.makes_repository:
        return os.path.lexists(folder / ".git")
    if git := _git(folder, journal):
        return git.optional("rev-parse", "--verify", "--quiet", "HEAD") != journal.head
    return all(_digest(folder, path) == digest for path, digest in journal.files.items())


def _git(folder: Path, journal: Journal) -> Git | None:
    """Git, if the repository of the folder is changed."""
    return Git(folder) if journal.head is not None else None


def _tree_before(git: Git, journal: Journal) -> Tree:
    return git.tree(journal.head) if journal.head else {}


def _staged(git: Git) -> Tree:
    """The files of the index, of which nothing is written. A file in conflict has a mode of its own."""
    lines = (each.partition("\t") for each in nul_separated(git.run("ls-files", "-s", "-z")))
    staged = {path: meta.split(" ") for meta, _, path in lines}
    return {path: Entry(mode if stage == "0" else "", oid) for path, (mode, oid, stage) in staged.items()}


def _set_aside(folder: Path, within: Path, path: str, digest: str) -> None:
    saved = within / SAVED / path
    saved.parent.mkdir(parents=True, exist_ok=True)
    (folder / path).rename(saved)
    if _hashed(saved.read_bytes()) != digest:
        raise UserError(f"{folder / path} changed in the meantime. Run this again")


def _copy(source: Path, target: Path, path: str) -> None:
    """Write a file under a name that is free. Unlike a hard link, this works on every file system."""
    try:
        with open(target, "xb") as stream:
            stream.write(source.read_bytes())
            os.fchmod(stream.fileno(), source.stat().st_mode & 0o777)
    except FileExistsError as error:
        raise UserError(f"{path} appeared in the meantime. Move it away, then run this again") from error


def _digest(folder: Path, path: str) -> str | None:
    """The digest of a file; None if there is none, and empty if it is not a regular file."""
    links = [each for each in PurePosixPath(path).parents if (folder / each).is_symlink()]
    file = folder / path
    if not os.path.lexists(file):
        return None
    return "" if links[:-1] or file.is_symlink() or not file.is_file() else _hashed(file.read_bytes())


def _is_part(folder: Path, within: Path, path: str, journal: Journal) -> bool:
    """Whether a file has only a first part of ours: the process was killed while it wrote it."""
    source = within / PROJECT / path
    if not _digest(folder, path) or _digest(within / PROJECT, path) != journal.files.get(path):
        return False
    return source.read_bytes().startswith((folder / path).read_bytes())


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(within: Path, journal: Journal) -> None:
    """Write the journal atomically."""
    temporary = within / f"{JOURNAL}.part"
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(asdict(journal), stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(within / JOURNAL)


def _read(within: Path) -> Journal | None:
    """The journal, if there is one. Raises UserError if it is damaged."""
    file = within / JOURNAL
    try:
        content = None if file.is_symlink() else bytes_of(file, LIMIT)
        journal = _checked(json.loads(content or b""))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{file} is damaged, so it is not known what a killed `shipsmith new` wrote here. Remove "
            f"what you do not need, and {within}"
        ) from error
    return journal


def _checked(data: Any) -> Journal:
    """The journal of parsed JSON. Raises ValueError or TypeError if it is not one."""
    journal = Journal(**data)
    for mapping in (journal.files, journal.replaced):
        if not isinstance(mapping, dict) or not all(isinstance(each, str) for each in mapping.values()):
            raise TypeError("not a mapping of paths to digests")
    for path in (*journal.files, *journal.folders, *journal.replaced):
        if not isinstance(path, str) or "\0" in path or not NOWHERE.isdisjoint(path.lower().split("/")):
            raise ValueError(f"{path!r} is not a path inside the folder")
    for oid in (journal.head, journal.tree):
        if oid and not OID.fullmatch(oid):
            raise ValueError(f"{oid!r} is not the id of an object")
    return journal
