"""Waiting before the next attempt."""

import asyncio
from contextlib import suppress


async def wait(stopping: asyncio.Event, seconds: float) -> None:
    """Sleep, but not longer than until `stopping`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


def doubled(seconds: float, failures: int, longest: float) -> float:
    """A pause that doubles with each failure, up to `longest`. The exponent is limited, too."""
    return min(seconds * 2.0 ** min(failures, 32), longest)
