"""Git's index, changed in a copy while we hold git's own index lock.

Under the lock, no other git process stages, commits or switches branches. The lock is a symbolic link, which
is created atomically and names its owner. This distinguishes the lock of a killed shipsmith from that of a
running git.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..git.objects import Entry, Tree, nul_separated
from ..git.runner import Git

OWNER = "shipsmith/lock"
"""The target of our lock: a file that a shipsmith process keeps locked while it is running."""
COPY = "index"


@dataclass(frozen=True, slots=True)
class Index:
    git: Git
    """Git that reads and writes the copy."""
    copy: Path
    original: Path

    def entries(self) -> Tree:
        """The staged entries. A file in conflict has one of its sides, with an empty mode."""
        listed = (each.partition("\t") for each in nul_separated(self.git.run("ls-files", "-s", "-z")))
        entries = {}
        for meta, _, path in listed:
            mode, oid, stage = meta.split(" ")
            entries[path] = Entry(mode if stage == "0" else "", oid)
        return entries

    def publish(self) -> None:
        """Replace the repository's index with the copy."""
        os.replace(self.copy, self.original)


@contextmanager
def locked(git: Git, control: Path) -> Iterator[Index]:
    """The index, locked for us. Raises UserError if another git process holds its lock."""
    original = _file(git)
    lock = _lock(original)
    try:
        os.symlink(OWNER, lock)
    except FileExistsError as error:
        raise UserError(
            f"{lock} exists: another git is changing this repository. Wait until it ends, then run this "
            "again. If no git is running, a crashed one left the file: remove it first"
        ) from error
    try:
        yield copied(git, control / COPY)
    finally:
        _unlock(lock)


def copied(git: Git, copy: Path) -> Index:
    """A copy of the repository's index, to read it without a lock."""
    original = _file(git)
    copy.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        # with its modification time, from which git tells whether a file may have changed since
        shutil.copy2(original, copy)
    return Index(git.with_variables(GIT_INDEX_FILE=str(copy)), copy, original)


def skipped(git: Git) -> set[str]:
    """The files that a sparse checkout leaves out, according to the index of `git`."""
    listed = (each.partition(" ") for each in nul_separated(git.run("ls-files", "-t", "-z")))
    return {path for tag, _, path in listed if tag == "S"}


def remove_stale_locks(git: Git, control: Path) -> None:
    """Remove locks of killed processes. The caller must hold the project's lock: it is the only process."""
    _unlock(_lock(_file(git)))
    for lock in control.glob("*.lock"):
        lock.unlink()


def _file(git: Git) -> Path:
    # git writes to the target of a symbolic link
    return Path(git.folder, git.line("rev-parse", "--git-path", "index")).resolve()


def _lock(index: Path) -> Path:
    return index.with_name(f"{index.name}.lock")


def _unlock(lock: Path) -> None:
    """Remove the lock if it is ours."""
    try:
        owner = os.readlink(lock)
    except OSError:  # there is no lock, or it is a regular file, which belongs to git
        return
    if owner == OWNER:
        lock.unlink()
