"""Logs to standard output, one JSON object per line, for the service and its libraries alike.

Nothing that callers have sent is logged. Messages of exceptions may contain it, above all those of databases.
So lines have the type of an exception and where it was raised, but its message only at the level DEBUG.
Credentials in URLs, which addresses of servers have, are not logged at any level.
"""

import datetime as dt
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from functools import partial
from types import TracebackType
from typing import Any, Literal

import structlog
from pydantic import BaseModel
from structlog.typing import EventDict, Processor

from .adapters.failures import Failure, kind_of, masked
from .adapters.log_lines import RENDERERS

log = structlog.get_logger()


class LogSettings(BaseModel):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def configure(settings: LogSettings) -> None:
    level = logging.getLevelNamesMapping()[settings.level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _add_timestamp,
        partial(_describe_exception, says_all=level == logging.DEBUG),
        _mask_errors,
    ]
    structlog.configure(
        processors=[*shared, *RENDERERS],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_standard_logging(shared, level)
    sys.excepthook = _log_uncaught


def _route_standard_logging(shared: list[Processor], level: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, _mask_event, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *RENDERERS,
                _decode,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


class Seldom:
    """Logs events that may come with every request: once in so many seconds, with their number."""

    def __init__(self, seconds: float = 10) -> None:
        self._log = structlog.get_logger()
        self._seconds = seconds
        self._due = 0.0
        self._count = 0

    def warning(self, event: str, **values: object) -> None:
        self._count += 1
        if time.monotonic() >= self._due:
            self._log.warning(event, count=self._count, **values)
            self._due, self._count = time.monotonic() + self._seconds, 0


def report(_loop: object, context: dict[str, Any]) -> None:
    """The exception handler for asyncio, whose own one would log the message of the exception."""
    log.error("task failed", reason=context["message"], exc_info=context.get("exception"))


def outline(error: BaseException) -> str:
    """The traceback without messages, except for those of OSErrors, which name files and addresses."""
    return "\n".join(_outlined(error))


def _outlined(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause:
        yield from _outlined(cause)
        yield "which led to:"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__))
    kind = kind_of(error)
    yield f"{kind}: {error}" if isinstance(error, OSError) else kind
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _outlined(each)


def _add_timestamp(_logger: object, _method: str, event: EventDict) -> EventDict:
    """A datetime, which orjson formats faster than structlog's TimeStamper."""
    event["timestamp"] = dt.datetime.now(dt.UTC)
    return event


def _describe_exception(
    _logger: object,
    _method: str,
    event: EventDict,
    *,
    says_all: bool,
) -> EventDict:
    found = event.pop("exc_info", None)
    if isinstance(found, tuple):
        found = found[1]
    elif found and not isinstance(found, BaseException):
        found = sys.exc_info()[1]
    if found:
        text = "".join(traceback.format_exception(found)).rstrip() if says_all else outline(found)
        with_message = says_all or isinstance(found, OSError)
        event["exception"] = Failure(found, text, with_message=with_message)
    return event


def _mask_errors(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Messages of some exceptions are logged: those that name servers."""
    if error := event.get("error"):
        event["error"] = masked(str(error))
    if errors := event.get("errors"):
        event["errors"] = [masked(str(each)) for each in errors]
    return event


def _mask_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    event["event"] = masked(str(event["event"]))
    return event


def _decode(_logger: object, _method: str, line: Any) -> str:
    return str(line, "utf-8")


def _log_uncaught(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Python itself would print what the exception says."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger().critical("failed", exc_info=error)
