"""Rate, errors and duration of gRPC calls, named as OpenTelemetry's conventions name them."""

from functools import cache

from prometheus_client import Histogram
from structlog.contextvars import get_contextvars

from ..metrics import LATENCY_BUCKETS, exemplar

DURATION = Histogram(
    "rpc_server_duration_seconds",
    "Duration of gRPC calls",
    ["rpc_method", "rpc_grpc_status_code"],
    buckets=LATENCY_BUCKETS,
)


def observe_duration(method: str, status: str, seconds: float) -> None:
    _duration(method, status).observe(seconds, exemplar(get_contextvars()))


@cache
def _duration(method: str, status: str) -> Histogram:
    """Cached: looking a series up by its labels takes longer than observing a value."""
    return DURATION.labels(method, status)
