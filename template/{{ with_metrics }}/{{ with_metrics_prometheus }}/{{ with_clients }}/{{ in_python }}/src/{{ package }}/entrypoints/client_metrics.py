"""Rate, errors and duration of calls of other services, retries included."""

from functools import cache

from prometheus_client import Histogram
from structlog.contextvars import get_contextvars

from ..metrics import LATENCY_BUCKETS, exemplar
from ..remote_calls.durations import CALLS

DURATION = Histogram(
    "client_call_duration_seconds",
    "Duration of calls of other services",
    ["client", "operation", "error_type"],
    buckets=LATENCY_BUCKETS,
)


def measure_calls() -> None:
    """From now on."""
    CALLS.listen(_observe)


def _observe(client: str, operation: str, error: str, seconds: float) -> None:
    _duration(client, operation, error).observe(seconds, exemplar(get_contextvars()))


@cache
def _duration(client: str, operation: str, error: str) -> Histogram:
    """Cached: looking a series up by its labels takes longer than observing a value."""
    return DURATION.labels(client, operation, error)
