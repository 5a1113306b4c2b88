"""Two renders at the same time, one of them in a separate process."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from threading import Thread

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def both(there: Callable[[], None], here: Callable[[], None]) -> None:
    """Run both functions, `there` in another process. Raises the exception of either."""
    from . import copier  # noqa: F401  # imported once, before the fork

    forked = multiprocessing.get_context("fork")
    receiver, sender = forked.Pipe(duplex=False)
    other = forked.Process(target=_run_and_tell, args=(there, sender))
    other.start()
    sender.close()
    try:
        here()
        if problem := receiver.recv():
            raise problem
    except EOFError as error:
        raise RuntimeError("the process that rendered the old version crashed") from error
    finally:
        other.kill()
        other.join()


def _run_and_tell(work: Callable[[], None], problems: Connection) -> None:
    """Do the work, then send the exception that it raised, or None."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        work()
        problems.send(None)
    except Exception as error:
        problems.send(error)


def _end_with_the_parent() -> None:
    """Exit with the parent: if it is killed, its child would continue to hold the project's lock."""
    parent = multiprocessing.parent_process()
    assert parent
    wait([parent.sentinel])
    os._exit(1)
