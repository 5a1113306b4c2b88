"""Settings of profiles."""

from pydantic import BaseModel, Field, SecretStr


class ProfilingSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(6060, ge=1, le=65535)
    token: SecretStr = Field(SecretStr(""), description="that callers send; needed unless host is a loopback")
    max_seconds: float = Field(60, gt=0, description="the longest profile")
    hertz: int = Field(100, ge=1, le=1000, description="samples per second")
    max_connections: int = Field(10, ge=1, description="that have not asked yet; a new one ends the oldest")
    head_seconds: float = Field(5, gt=0, description="time limit to ask")
