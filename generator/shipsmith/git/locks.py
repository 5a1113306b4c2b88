"""Locks between shipsmith processes, which the operating system releases when a process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, wait: bool = True, create: bool = False) -> Iterator[int]:
    """Lock a folder or a file, which may be created for this. Yields the descriptor that holds the lock.

    Raises BlockingIOError if another process holds the lock and this one is not to wait.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)
