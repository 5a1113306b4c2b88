"""Rate, errors and duration of gRPC calls, named as OpenTelemetry's conventions name them."""

import time
from functools import cache

import grpc
from prometheus_client import Histogram

from ..metrics import LATENCY_BUCKETS
from .grpc_interceptors import Call, Interceptor

DURATION = Histogram(
    "rpc_server_duration_seconds",
    "Duration of gRPC calls",
    ["rpc_method", "rpc_grpc_status_code"],
    buckets=LATENCY_BUCKETS,
)


class MetricsInterceptor(Interceptor):
    async def around(self, call: Call) -> object:
        started = time.perf_counter()
        try:
            return await call.proceed()
        finally:
            code = call.context.code() or grpc.StatusCode.OK
            _duration(call.method, code.name).observe(time.perf_counter() - started)


@cache
def _duration(method: str, code: str) -> Histogram:
    """Cached: looking a series up by its labels takes longer than observing a value."""
    return DURATION.labels(method, code)
