"""Settings of the adaptive limit."""

from pydantic import BaseModel, Field


class ThrottlingSettings(BaseModel):
    least: int = Field(3, ge=1, description="requests in flight that are always allowed")
    most: int = Field(500, ge=1, description="requests in flight that are never exceeded")
    tolerance: float = Field(0.25, gt=0, description="how much slower than alone requests may be, as a part")
