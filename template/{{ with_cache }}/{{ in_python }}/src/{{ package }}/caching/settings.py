from pydantic import BaseModel, Field


class CachingSettings(BaseModel):
    """The settings that every cache has."""

    ttl_seconds: float = Field(60, gt=0)
    jitter: float = Field(0.1, ge=0, lt=1, description="share of the TTL by which expiries are spread")
    missing_seconds: float = Field(5, ge=0, description="TTL of ids that do not exist; 0 for none")
