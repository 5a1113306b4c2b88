"""Times of the log, in place of those of a database."""

from typing import Any

GROWING = (
    "6926d8f000000001",
    "6926d8f00000000a",
    "6926d8f0000000a0",
    "6926d8f100000001",
    "6926d90000000001",
    "a000000000000001",
)
"""Each includes those before it."""


async def current(_database: Any) -> str:
    return "6926d8f000000042"
