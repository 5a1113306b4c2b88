"""Errors and exit statuses."""

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    USER_ERROR = 1
    USAGE = 2
    CONFLICTS = 3
    ATTENTION = 4
    INTERNAL_ERROR = 70
    INTERRUPTED = 130
    TERMINATED = 143


class UserError(Exception):
    """A problem that the user can fix. Each message says what was wrong, what we got and what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class StoppedError(BaseException):
    """A signal arrived. Not an Exception, so that only cleanup code handles it."""

    def __init__(self, status: Exit) -> None:
        super().__init__(status)
        self.status = status


def is_of_the_machine(error: OSError) -> bool:
    """Whether the cause is the disk, its permissions or its limits, and not this program."""
    # the only such error without a file: no writable temporary folder exists
    no_place = error.errno == errno.ENOENT and not error.filename
    return error.errno in OF_THE_MACHINE or no_place


OF_THE_MACHINE = {
    errno.EACCES,
    errno.EAGAIN,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
}


def nearest(name: str, names: Iterable[str]) -> str:
    """` Did you mean …?`, or an empty text if no name is similar."""
    matches = get_close_matches(name, list(names), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""
