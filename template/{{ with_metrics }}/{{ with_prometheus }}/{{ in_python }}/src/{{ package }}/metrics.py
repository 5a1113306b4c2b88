"""Prometheus metrics, on a port of their own: callers of the service need not see them."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server
from pydantic import BaseModel, Field

# seconds; around the latencies that a service of this kind promises
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class MetricsSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(9464, ge=0, le=65535)


@contextmanager
def serve(settings: MetricsSettings) -> Iterator[None]:
    server, thread = start_http_server(settings.port, settings.host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
