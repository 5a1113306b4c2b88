"""Rate, errors and duration of gRPC calls, named as OpenTelemetry's conventions name them."""

from structlog.contextvars import get_contextvars

from ..metrics import LATENCY_BUCKETS, METER, exemplar

DURATION = METER.create_histogram(
    "rpc.server.duration",
    "s",
    "Duration of gRPC calls",
    explicit_bucket_boundaries_advisory=LATENCY_BUCKETS,
)


def observe_duration(method: str, status: str, seconds: float) -> None:
    attributes = {"rpc.method": method, "rpc.grpc.status_code": status}
    DURATION.record(seconds, attributes, exemplar(get_contextvars()))
