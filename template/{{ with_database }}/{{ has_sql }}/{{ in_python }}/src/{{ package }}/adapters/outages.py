"""Outages of the database, as errors of the ports."""

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
    """Raises the same errors when it has no connection left."""

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except (OSError, PoolTimeoutError) as error:
            raise _unavailable(error) from error


def is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError)


def translate(
    engine: AsyncEngine,
    is_outage: Callable[[Exception], bool],
    is_timeout: Callable[[Exception], bool] = is_timeout,
) -> None:
    """Translate errors of statements and new connections. The functions know the database's own codes."""

    def translated(context: ExceptionContext) -> Exception | None:
        error = context.original_exception
        if not isinstance(error, Exception):  # the caller is gone
            return None
        if is_timeout(error):
            _log.warning("database slow", error=repr(error))
            return TimedOutError("the database has not answered in time")
        lost = context.is_disconnect or context.connection is None or isinstance(error, OSError)
        return _unavailable(error) if lost or is_outage(error) else None

    event.listen(engine.sync_engine, "handle_error", translated, retval=True)


def _unavailable(error: Exception) -> UnavailableError:
    _log.warning("database unavailable", error=str(error))
    return UnavailableError("the database is not available at present")
