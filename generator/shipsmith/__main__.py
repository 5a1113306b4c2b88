"""The entry point, which turns every outcome into an exit status."""

import os
import signal
import sys
from contextlib import suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from types import FrameType
from typing import Any

from .errors import Exit, StoppedError, UserError, is_of_the_machine
from .terminal import complain

STATUSES = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


def main() -> None:
    """Run the command line."""
    _open_standard_streams()
    for number in STATUSES:
        # shells start background jobs with SIGINT ignored
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        # imported here, so that an interrupted import is handled like any other interruption
        from .cli.app import app

        app()
    except UserError as error:
        _fail(Exit.USER_ERROR, *error.problems, *_notes(error))
    except StoppedError as stop:
        _fail(stop.status, stop.status.name.lower(), *_notes(stop))
    except OSError as error:
        if is_of_the_machine(error):
            where = f"{error.filename}: " if error.filename else ""
            problem = f"{where}{error.strerror}. Fix that, then run the command again"
            _fail(Exit.USER_ERROR, problem, *_notes(error))
        _blame_us(error)
    except Exception as error:
        _blame_us(error)
    finally:
        _flush()


def _open_standard_streams() -> None:
    """Reopen closed streams: files opened later would get their descriptors, and our output."""
    closed = [number for number in range(3) if not _is_open(number)]
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")
    if 1 in closed:
        _fail(Exit.USER_ERROR, "standard output is closed. Open it, or send it to /dev/null")
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.fileno() == 1:
        # file names may contain undecodable bytes: print them as \xe9, as standard error does
        sys.stdout = TextIOWrapper(
            BufferedWriter(_WhileRead(1, "w", closefd=False)),
            encoding=sys.stdout.encoding,
            errors="backslashreplace",
            line_buffering=sys.stdout.line_buffering or sys.stdout.write_through,
        )


class _WhileRead(FileIO):
    """A reader that closes the pipe has read enough: the rest is discarded, and nothing fails."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return super().write(data)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _stop(number: int, _frame: FrameType | None) -> None:
    raise StoppedError(STATUSES[signal.Signals(number)])


def _notes(error: BaseException) -> list[str]:
    """Instructions added by the functions that the error passed through."""
    return getattr(error, "__notes__", [])


def _fail(status: Exit, *problems: str) -> None:
    for problem in problems:
        complain(f"shipsmith: {problem}")
    sys.exit(status)


def _blame_us(error: Exception) -> None:
    if os.environ.get("SHIPSMITH_DEBUG"):
        import traceback

        traceback.print_exception(error)
    _fail(
        Exit.INTERNAL_ERROR,
        f"internal error: {type(error).__name__}: {error}",
        *_notes(error),
        "please report it with the output of SHIPSMITH_DEBUG=1: https://github.com/shipsmith/shipsmith/issues",
    )


def _flush() -> None:
    """Flush standard output. On failure, discard it: Python would try to flush it again at exit."""
    try:
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(Exit.USER_ERROR, f"standard output: {error.strerror}")


if __name__ == "__main__":
    main()
