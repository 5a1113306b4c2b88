"""Rate, errors and duration of calls of other services, retries included."""

from structlog.contextvars import get_contextvars

from ..metrics import LATENCY_BUCKETS, METER, exemplar
from ..remote_calls.durations import CALLS

DURATION = METER.create_histogram(
    "client.call.duration",
    "s",
    "Duration of calls of other services",
    explicit_bucket_boundaries_advisory=LATENCY_BUCKETS,
)


def measure_calls() -> None:
    """From now on."""
    CALLS.listen(_observe)


def _observe(client: str, operation: str, error: str, seconds: float) -> None:
    attributes = {"client": client, "operation": operation, "error.type": error}
    DURATION.record(seconds, attributes, exemplar(get_contextvars()))
