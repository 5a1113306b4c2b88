"""What all Prometheus metrics share, and the settings of the port on which they are read."""

from collections.abc import Mapping

from pydantic import BaseModel, Field

# seconds; around the latencies that a service of this kind promises
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class MetricsSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(9464, ge=1, le=65535)
    max_connections: int = Field(10, ge=1, description="a new one over it closes the oldest")
    max_seconds: float = Field(10, gt=0, description="how long a scrape may take")


def exemplar(ids: Mapping[str, str]) -> dict[str, str] | None:
    """The span of a request as an example of what it adds to a metric, if somebody keeps its trace."""
    if not int(ids.get("trace_flags", "0"), 16) & 1:
        return None
    return {name: ids[name] for name in ("trace_id", "span_id")}
