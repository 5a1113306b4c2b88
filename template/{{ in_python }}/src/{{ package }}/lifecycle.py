"""How the servers and workers of the process are run and drained, and what happens if one dies."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NoReturn

import structlog

from .application import Application
from .settings import Settings

Task = asyncio.Task[None]
Runnable = Callable[[Application, Settings], AbstractAsyncContextManager[Task]]
"""A server or worker: starts, yields the task that does its work, and drains at the end."""

# exit statuses; invalid settings end the process with 2
FAILED, NOT_DRAINED = 1, 3

log = structlog.get_logger()


class DrainError(Exception):
    """Draining took too long and work was cut off. The log says how much."""


@asynccontextmanager
async def running(
    runnables: Iterable[Runnable],
    application: Application,
    settings: Settings,
) -> AsyncIterator[list[Task]]:
    """Start them in order, and close them in reverse order.

    Each drains even if others fail. Failures are raised at the end.
    """
    contexts: list[AsyncExitStack] = []
    tasks: list[Task] = []
    failures: list[Exception] = []
    try:
        for run in runnables:
            contexts.append(AsyncExitStack())
            tasks.append(await contexts[-1].enter_async_context(run(application, settings)))
        yield tasks
    finally:
        application.health.stopping.set()
        for context in reversed(contexts):
            try:
                await context.aclose()
            except Exception as failure:
                failures.append(failure)
    if failures:
        raise ExceptionGroup("not all has ended well", failures)


async def until_stopping(running: Iterable[Task], stopping: asyncio.Event) -> None:
    """Wait for `stopping`. A task that ends earlier ends the process: half a service helps nobody."""
    asked = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait([asked, *running], return_when=asyncio.FIRST_COMPLETED)
    if asked not in done:
        _die(next(task for task in running if task in done))


@asynccontextmanager
async def drained(
    task: Task,
    stopping: asyncio.Event,
    seconds: float,
    in_flight: Callable[[], int],
    stop: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Task]:
    """Yield the task, and end once it has drained.

    Draining starts with `stopping`, for all tasks at the same time, and has so many seconds: `stop` is
    called, and work in flight gets the remaining time.
    """

    async def drain() -> None:
        await stopping.wait()
        deadline = time.monotonic() + seconds
        if stop:
            await stop()
        await finish(task, max(0.0, deadline - time.monotonic()), in_flight)

    draining = asyncio.create_task(drain())
    try:
        yield task
        await draining
    finally:
        draining.cancel()
        task.cancel()


async def finish(task: Task, seconds: float, in_flight: Callable[[], int]) -> None:
    """Wait for a task that was told to end. Raises DrainError after so many seconds, or the task's error."""
    done, _ = await asyncio.wait([task], timeout=seconds)
    if not done:
        log.error("drain took too long", what=task.get_name(), in_flight=in_flight())
        task.cancel()
        raise DrainError(task.get_name())
    await task


def end_within(seconds: float) -> None:
    """End the process after so many seconds, before the platform kills it without a log line."""

    def end() -> None:
        log.critical("did not end in time", seconds=seconds)
        os._exit(NOT_DRAINED)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _die(task: Task) -> NoReturn:
    """End the process at once, like a crash. Nothing that must survive is kept in memory."""
    reason = None if task.cancelled() else task.exception()
    log.critical("ended unexpectedly", what=task.get_name(), exc_info=reason)
    os._exit(FAILED)
