from pydantic import BaseModel, Field

from .buckets import SECOND, Limit


class RateLimitingSettings(BaseModel):
    """The settings that every rate limit has."""

    rate: float = Field(50, ge=0.001, le=10_000, description="requests per second for each client and route")
    burst: int = Field(100, ge=1, le=1_000_000, description="requests at once, after a pause")
    max_buckets: int = Field(50_000, ge=1, description="in this process; the least recently used is dropped")

    def limit(self) -> Limit:
        # rounded up, so that it is never more than the rate
        return Limit(-int(-SECOND // self.rate), self.burst)
