"""Watches the event loop while the service runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..application import Application
from ..lifecycle import Task
from ..settings import Settings
from ..stalls import watch


@asynccontextmanager
async def run(_application: Application, settings: Settings) -> AsyncIterator[Task]:
    async with watch(settings.stalls) as watching:
        yield watching
