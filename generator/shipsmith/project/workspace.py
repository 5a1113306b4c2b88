"""Builds a project next to its destination, so that it appears there completely or not at all.

A workspace is locked while its process is running. A workspace without a lock was left by a killed process,
and the next run with the same destination removes it.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from ..errors import UserError
from ..git.locks import locked

REMOVALS, BETWEEN_REMOVALS = 20, 0.05  # seconds


@contextmanager
def workspace(destination: Path) -> Iterator[Path]:
    """An empty folder. `publish` moves it to the destination; otherwise it is removed at the end."""
    parent = destination.parent
    prefix = f".{destination.name}.shipsmith-"
    folder = parent / f"{prefix}{token_hex(8)}"
    with ExitStack() as stack:
        # only one process at a time creates or removes workspaces
        with locked(parent):
            _remove_stale(parent, prefix)
            # before the folder is created: an interruption can occur between any two lines
            stack.callback(remove, folder)
            folder.mkdir()
            stack.enter_context(locked(folder))
        within = folder / destination.name
        within.mkdir()
        yield within


def publish(folder: Path, destination: Path) -> None:
    """Rename `folder` to `destination`, which must be missing."""
    try:
        os.rename(folder, destination)
    except OSError as error:
        if not destination.exists():
            raise
        raise UserError(f"{destination} appeared in the meantime and is left alone") from error


@contextmanager
def folders_above(destination: Path) -> Iterator[None]:
    """Create the folders above the destination. A failure removes those that this created."""
    created: list[Path] = []
    try:
        for folder in reversed([each for each in destination.parents if not each.exists()]):
            # before it is created: an interruption can occur between any two lines
            created.append(folder)
            folder.mkdir(exist_ok=True)
        yield
    except BaseException:
        for folder in reversed(created):
            with suppress(OSError):
                folder.rmdir()
        raise


def remove(folder: Path) -> None:
    """Remove a workspace. A git process that was starting when a signal arrived may still write to it."""
    for _ in range(REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(BETWEEN_REMOVALS)


def _remove_stale(parent: Path, prefix: str) -> None:
    for folder in parent.iterdir():
        if folder.name.startswith(prefix) and folder.is_dir() and not folder.is_symlink():
            with suppress(BlockingIOError), locked(folder, wait=False):
                shutil.rmtree(folder, ignore_errors=True)
