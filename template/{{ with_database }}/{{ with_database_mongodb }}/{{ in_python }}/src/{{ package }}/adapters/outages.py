"""Outages of the database, as errors of the ports."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from ..errors import TimedOutError, UnavailableError
from ..logs import Seldom

# of operations that may succeed later: another transaction goes on, or a commit has no answer
LABELS = ("TransientTransactionError", "UnknownTransactionCommitResult", "RetryableWriteError")
# codes of a server that cannot do its work at present (error_codes.yml in MongoDB's sources)
OUTAGES = {
    18,  # AuthenticationFailed: the service's account is being changed, or does not exist yet
    24,  # LockTimeout
    46,  # LockBusy
    112,  # WriteConflict
    14031,  # OutOfDiskSpace
}

_log = Seldom()


@contextmanager
def translated() -> Iterator[None]:
    """Raises UnavailableError or TimedOutError for what is not a mistake of the service."""
    try:
        yield
    except TimeoutError as error:
        raise _timed_out(error) from error
    except PyMongoError as error:
        if outage := as_outage(error):
            raise outage from error
        raise


def as_outage(error: PyMongoError) -> UnavailableError | None:
    """The error of the ports, or None for a mistake of the service."""
    if isinstance(error, ServerSelectionTimeoutError | WaitQueueTimeoutError):
        return unavailable(error)
    if error.timeout:
        return _timed_out(error)
    code = error.code if isinstance(error, OperationFailure) else None
    lost = isinstance(error, ConnectionFailure) or code in OUTAGES
    return unavailable(error) if lost or any(map(error.has_error_label, LABELS)) else None


def unavailable(error: PyMongoError) -> UnavailableError:
    _log.warning("database unavailable", error=str(error))
    return UnavailableError("the database is not available at present")


def _timed_out(error: Exception) -> TimedOutError:
    _log.warning("database slow", error=repr(error))
    return TimedOutError("the database has not answered in time")
