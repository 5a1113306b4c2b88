"""How the connection to the broker is kept up, and how its failures are told apart."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import ClassVar, Generic, TypeVar

import structlog

from ..errors import UnavailableError
from ..health import Health
from ..logs import Seldom
from .pauses import wait

Session = TypeVar("Session")
Lost = tuple[type[Exception], ...]
"""What the broker's library raises if the broker is unavailable."""

log = structlog.get_logger()
seldom = Seldom()


class SilentError(ConnectionError):
    """The broker did not answer in time."""


class Connection(ABC, Generic[Session]):
    """What publishing and consuming need of a broker."""

    lost: ClassVar[Lost]

    def __init__(self, pause_seconds: float) -> None:
        self._pause_seconds = pause_seconds

    @abstractmethod
    def session(self) -> AbstractAsyncContextManager[Session]:
        """Something to work with, for one worker. Connects if necessary."""

    async def stay_connected(
        self,
        stopping: asyncio.Event,
        work: Callable[[Session], Awaitable[None]],
    ) -> None:
        """Run `work` with a session, and again with a new one whenever it fails, until `stopping` is set."""
        while not stopping.is_set():
            try:
                async with self.session() as session:
                    await work(session)
            except UnavailableError:  # it was logged where it was raised
                await wait(stopping, self._pause_seconds)
            except (Exception, asyncio.CancelledError) as error:
                # a lost connection may cancel the tasks that wait for it
                if (task := asyncio.current_task()) and task.cancelling():
                    raise
                name = task.get_name() if task else ""
                if is_outage(error, self.lost):
                    log.warning("disconnected", what=name, error=repr(error))
                else:
                    log.error("failed, and tries again", what=name, exc_info=error)
                await wait(stopping, self._pause_seconds)


@contextmanager
def accepted(health: Health, name: str, refusal: type[Exception]) -> Iterator[None]:
    """Around declarations. The broker refuses those that differ from what exists, for good."""
    try:
        yield
    except refusal as error:
        health.refused(name)
        seldom.warning("the broker refuses a declaration", what=name, error=str(error))
        raise
    health.accepted(name)


@asynccontextmanager
async def answering(seconds: float) -> AsyncIterator[None]:
    """Limit how long the broker may take to answer. Wait for nothing else inside. Raises SilentError."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise SilentError(f"no answer within {seconds:g} s") from error


def is_outage(error: BaseException, lost: Lost) -> bool:
    """Whether the broker or the database is unavailable, as opposed to a bug in the code."""
    return isinstance(error, (*lost, OSError, UnavailableError, asyncio.CancelledError))
