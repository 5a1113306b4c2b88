"""Positions of the log, in place of those of a database."""

from sqlalchemy.ext.asyncio import AsyncEngine

ONE, TWO = "5c7e5f0e-0000-4000-8000-000000000001", "5c7e5f0e-0000-4000-8000-000000000002"
GROWING = (
    f"{ONE}:1",
    f"{ONE}:1-9",
    f"{ONE}:1-9:11",
    f"{ONE}:1-11",
    f"{ONE}:1-11,{TWO}:1",
    f"{ONE}:1-11,{TWO}:1:night:1-2",
)
"""Each includes those before it."""


async def current(_engine: AsyncEngine) -> str:
    return f"{ONE}:1-42"
