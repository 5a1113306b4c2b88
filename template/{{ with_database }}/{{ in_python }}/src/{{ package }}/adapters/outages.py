"""What keeps the database from answering, as errors of the ports: nothing of the service is wrong then."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection

from ..errors import TimedOutError, UnavailableError
from ..logs import Seldom

_log = Seldom()


class Pool(AsyncAdaptedQueuePool):
    """Says in the same way that it has no connection to give."""

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except (OSError, PoolTimeoutError) as error:
            raise _unavailable(error) from error


def translate(engine: AsyncEngine, is_outage: Callable[[Exception], bool]) -> None:
    """Translate what statements and new connections raise; `is_outage` knows the database's own codes."""

    def translated(context: ExceptionContext) -> Exception | None:
        error = context.original_exception
        if not isinstance(error, Exception):  # the caller has left
            return None
        if isinstance(error, TimeoutError):
            _log.warning("database slow", error=repr(error))
            return TimedOutError("the database has not answered in time")
        lost = context.is_disconnect or context.connection is None or isinstance(error, OSError)
        return _unavailable(error) if lost or is_outage(error) else None

    event.listen(engine.sync_engine, "handle_error", translated, retval=True)


def _unavailable(error: Exception) -> UnavailableError:
    _log.warning("database unavailable", error=str(error))
    return UnavailableError("the database is not available at present")
