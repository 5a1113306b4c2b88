"""Git's index, changed on a copy while git's own lock on it is ours.

While we hold the lock, no other git stages, commits or switches branches. The lock is a symbolic link, which
is made whole or not at all and says whose it is: one that a killed process of ours left is told from one of
a git that runs.
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
"""Where our lock points: the file beside it that a process of ours keeps locked as long as it lives."""
COPY = "index"


@dataclass(frozen=True, slots=True)
class Index:
    git: Git
    """Git that reads and writes the copy."""
    copy: Path
    original: Path

    def entries(self) -> Tree:
        """What is staged; of a file in conflict one of its sides, under a mode that is none."""
        listed = (each.partition("\t") for each in nul_separated(self.git.run("ls-files", "-s", "-z")))
        entries = {}
        for meta, _, path in listed:
            mode, oid, stage = meta.split(" ")
            entries[path] = Entry(mode if stage == "0" else "", oid)
        return entries

    def publish(self) -> None:
        """Put the copy in the place of the repository's index."""
        os.replace(self.copy, self.original)


@contextmanager
def locked(git: Git, control: Path) -> Iterator[Index]:
    """The index, for us alone. Raises UserError where another git holds its lock."""
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
    """A copy of the repository's index, to look at it without its lock."""
    original = _file(git)
    copy.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        # with its time, by which git tells whether a file could have changed since
        shutil.copy2(original, copy)
    return Index(git.with_variables(GIT_INDEX_FILE=str(copy)), copy, original)


def skipped(git: Git) -> set[str]:
    """The files that a sparse checkout leaves out, as the index of `git` says."""
    listed = (each.partition(" ") for each in nul_separated(git.run("ls-files", "-t", "-z")))
    return {path for tag, _, path in listed if tag == "S"}


def remove_stale_locks(git: Git, control: Path) -> None:
    """Remove what a killed process left. Only for whoever holds the project's lock: no other one lives."""
    _unlock(_lock(_file(git)))
    for lock in control.glob("*.lock"):
        lock.unlink()


def _file(git: Git) -> Path:
    # git writes to where a symbolic link leads
    return Path(git.folder, git.line("rev-parse", "--git-path", "index")).resolve()


def _lock(index: Path) -> Path:
    return index.with_name(f"{index.name}.lock")


def _unlock(lock: Path) -> None:
    """Remove the lock if it is ours."""
    try:
        owner = os.readlink(lock)
    except OSError:  # there is none, or a file, which is git's
        return
    if owner == OWNER:
        lock.unlink()
