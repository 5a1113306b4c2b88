"""Locks between processes of shipsmith: the operating system gives one up when its process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, wait: bool = True, create: bool = False) -> Iterator[int]:
    """Hold the lock of a folder, or of a file, which can be made for it; the descriptor that holds it.

    Raises BlockingIOError where another process holds it and this one shall not wait.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)
