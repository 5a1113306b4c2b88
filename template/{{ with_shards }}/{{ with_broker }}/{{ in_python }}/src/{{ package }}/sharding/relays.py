"""A relay for the outbox of each shard but the first, which has the usual one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncEngine

from ..application import Application
from ..lifecycle import Task, finish
from ..messaging import relay
from ..settings import Settings


@asynccontextmanager
async def run(application: Application, settings: Settings) -> AsyncIterator[Task]:
    ending = asyncio.Event()

    async def publish(engine: AsyncEngine) -> None:
        async with relay.run(replace(application, engine=engine), settings) as publishing:
            ended = asyncio.create_task(ending.wait())
            await asyncio.wait([publishing, ended], return_when=asyncio.FIRST_COMPLETED)
            if not ending.is_set():
                await publishing

    async def publish_all() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(ending.wait())
            for engine in application.other_shards.values():
                group.create_task(publish(engine))

    publishing = asyncio.create_task(publish_all(), name="relays of the shards")
    try:
        yield publishing
    finally:
        ending.set()
        await finish(publishing, settings.shutdown.close_seconds, lambda: len(application.other_shards))
