"""Errors of calls over HTTP."""

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from ..errors import UnavailableError
from .errors import BusyError, RemoteError

NOT_AVAILABLE = (429, 502, 503, 504)


class HttpError(RemoteError):
    """An answer that is no success."""

    def __init__(self, service: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(service, str(status), str(problem.get("detail", "")))
        self.status = status
        self.problem = problem
        """The document that explains it (RFC 9457); empty if there is none."""


class UnexpectedAnswerError(RemoteError):
    """Something else than the service's document describes, or too much of it."""

    def __init__(self, service: str, status: int, reason: str) -> None:
        super().__init__(service, f"{status} with {reason}")
        self.status = status


def error_of(service: str, status: int, headers: Mapping[str, str], content: bytes) -> Exception:
    """What an answer with such a status means."""
    if status not in NOT_AVAILABLE:
        return HttpError(service, status, _problem(headers, content))
    if (seconds := seconds_of(headers.get("Retry-After", ""))) is not None:
        return BusyError(service, seconds)
    return UnavailableError(f"{service} is not available at present")


def seconds_of(retry_after: str) -> float | None:
    """Of the header `Retry-After`, which has seconds or a date. None if it has neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return max(0.0, math.ceil(seconds))


def _problem(headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
    if not headers.get("Content-Type", "").partition(";")[0].strip().endswith("json"):
        return {}
    try:
        problem = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return problem if isinstance(problem, dict) else {}
