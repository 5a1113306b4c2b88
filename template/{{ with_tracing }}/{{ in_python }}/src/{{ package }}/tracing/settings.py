"""Settings of traces."""

from pydantic import BaseModel, Field, HttpUrl


class TracingSettings(BaseModel):
    url: HttpUrl = Field(HttpUrl("http://localhost:4318"), description="of a collector, for OTLP over HTTP")
    sample_ratio: float = Field(0.1, ge=0, le=1, description="of the traces that begin here")
    timeout_seconds: float = Field(1, gt=0, description="for sending spans, which are then lost")
