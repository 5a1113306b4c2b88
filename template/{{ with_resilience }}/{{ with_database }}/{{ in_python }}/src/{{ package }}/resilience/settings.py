from pydantic import BaseModel, Field


class ResilienceSettings(BaseModel):
    """How calls of the database are bounded."""

    timeout_seconds: float = Field(3, gt=0, description="how long each call may take, with its retries")
    retries: int = Field(2, ge=0, description="how often a read that failed is tried again within that time")
    pause_seconds: float = Field(1, gt=0, description="how long the database is left alone when it fails")
