"""A place to build a project beside its destination, so that it appears there whole or not at all.

A workspace is locked while its process lives. What a killed process left behind is therefore known by
having no lock, and the next run at the same destination removes it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from .errors import UserError


@contextmanager
def workspace(destination: Path) -> Iterator[Path]:
    """An empty folder; `publish` makes it the destination, else it is removed at the end."""
    parent = destination.parent
    prefix = f".{destination.name}.shipsmith-"
    with _locked(parent):
        _remove_stale(parent, prefix)
        folder = Path(mkdtemp(prefix=prefix, dir=parent))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        project = folder / destination.name
        project.mkdir()
        yield project
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def publish(project: Path, destination: Path) -> None:
    """Rename `project` to `destination`, which must be missing or empty."""
    try:
        os.rename(project, destination)
    except OSError as error:
        if not destination.exists():
            raise
        raise UserError(f"{destination} appeared while this ran; it is left as it is") from error


def check(destination: Path) -> None:
    """Raise UserError where no project can be made."""
    if destination.is_dir() and any(destination.iterdir()):
        raise UserError(f"{destination} exists and is not empty. Choose another place, or empty it")
    if destination.exists() and not destination.is_dir():
        raise UserError(f"{destination} is a file. Choose another place")
    if not destination.parent.is_dir():
        raise UserError(f"{destination.parent} is no folder. Create it first, or choose another place")
    if not os.access(destination.parent, os.W_OK | os.X_OK):
        raise UserError(f"{destination.parent} cannot be written to. Choose another place")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time creates or removes workspaces: a new one has no lock for a moment."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_stale(parent: Path, prefix: str) -> None:
    for folder in parent.iterdir():
        if folder.name.startswith(prefix) and folder.is_dir() and not folder.is_symlink():
            with suppress(BlockingIOError):
                _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
