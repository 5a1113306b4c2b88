"""The one limit of the process, whatever requests come over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .adaptive_limit import AdaptiveLimit
from .settings import ThrottlingSettings


@asynccontextmanager
async def create_throttle(settings: ThrottlingSettings) -> AsyncIterator[AdaptiveLimit]:
    yield AdaptiveLimit(settings)
