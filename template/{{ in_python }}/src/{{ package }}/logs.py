"""One JSON object a line on standard output, for the service's own events and its libraries' alike."""

import logging
import sys
import time
from typing import Literal

import orjson
import structlog
from pydantic import BaseModel
from structlog.typing import Processor


class LogSettings(BaseModel):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def configure(settings: LogSettings) -> None:
    level = logging.getLevelNamesMapping()[settings.level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_standard_logging(shared, level)


def _route_standard_logging(shared: list[Processor], level: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event).decode()),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


class Seldom:
    """Logs what comes with every request while it lasts: once in so many seconds, with how often it came."""

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
