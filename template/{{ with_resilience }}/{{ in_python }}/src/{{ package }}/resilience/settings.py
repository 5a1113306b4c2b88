from pydantic import BaseModel, Field


class ResilienceSettings(BaseModel):
    """How calls of the database are bounded."""

    timeout_seconds: float = Field(3, gt=0, description="how long each call may take")
    pause_seconds: float = Field(1, gt=0, description="how long the database is left alone when it fails")
