"""Carries out commands, by the same use cases as HTTP and gRPC.

The message id of a command determines the id of the entity. So a command that arrives twice, or that was
carried out but not acknowledged, finds what it has created: it takes effect once.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid5

import structlog

from ..application import Application
from ..commands import COMMANDS, Command
from ..errors import AlreadyExistsError, DomainError, DuplicateError, UnavailableError
from ..telemetry import Counter
from .command_body import InvalidCommandError
from .pauses import doubled, wait
from .settings import MessagingSettings

MESSAGES = Counter("consumer_messages_total", "Commands taken from the work queue", "result")

NAMESPACE = UUID("5f9d3c1e-0c59-4b8e-8f0e-6f2f7f0a9d5b")
LONGEST_PAUSE_SECONDS = 30

Result = Literal["created", "done", "repeated", "invalid", "failed"]
"""`done`: there was nothing to create, as for an event."""

SETTLED: tuple[Result, ...] = ("created", "done", "repeated")
"""After these, the broker may forget the message."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Message:
    """A command, as every broker delivers it."""

    type: str | None
    message_id: str | None
    body: bytes
    failures: int = 0
    """The number of failed attempts so far."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """What its log lines contain."""


class CommandHandler:
    def __init__(
        self,
        application: Application,
        settings: MessagingSettings,
        stopping: asyncio.Event,
    ) -> None:
        self._application = application
        self._settings = settings
        self._stopping = stopping

    async def handle(self, message: Message) -> Result:
        """Carry a command out. One that has failed must be delivered again; the pause is over by then."""
        with structlog.contextvars.bound_contextvars(**message.ids):
            result = await self._result(message)
        MESSAGES.add(1, result)
        return result

    async def _result(self, message: Message) -> Result:
        entity_id: UUID | None = None
        try:
            if len(message.body) > self._settings.max_message_bytes:
                raise InvalidCommandError(f"it is longer than {self._settings.max_message_bytes} bytes")
            command, entity_id = read(message)
            created = await self._carry_out(command, entity_id, message.body)
        except (InvalidCommandError, DuplicateError) as error:
            log.warning("command set aside", id=entity_id, error=str(error))
            return "invalid"
        except Exception as error:  # also if it refers to something that is still in the queue
            if isinstance(error, AlreadyExistsError) and error.entity_id == entity_id:
                log.info("command repeated", id=entity_id)
                return "repeated"
            _report(error, entity_id)
            # with pauses, a short outage does not use up all attempts
            pause = doubled(self._settings.pause_seconds, message.failures, LONGEST_PAUSE_SECONDS)
            await wait(self._stopping, pause)
            return "failed"
        return "done" if created is None else "created"

    async def _carry_out(self, command: Command, entity_id: UUID, body: bytes) -> object:
        """Try again while the database is unavailable. An outage is not a failure of the command."""
        while True:
            try:
                async with asyncio.timeout(self._settings.max_seconds):
                    return await command(self._application, entity_id, body)
            except UnavailableError:
                if self._stopping.is_set():
                    raise
                await wait(self._stopping, self._settings.pause_seconds)


def type_of(own: str | None, event: str | None) -> str | None:
    """The type of a message: its own if that is a command, else the one that it has as a CloudEvent."""
    return own if own in COMMANDS or event is None else event


def read(message: Message) -> tuple[Command, UUID]:
    """The command and the id of its entity. Raises InvalidCommandError."""
    if not (command := COMMANDS.get(message.type or "")):
        raise InvalidCommandError(f"its type is not one of {', '.join(COMMANDS)}")
    if not message.message_id:
        raise InvalidCommandError("it has no message id")
    return command, uuid5(NAMESPACE, message.message_id)


def _report(error: Exception, entity_id: UUID | None) -> None:
    if isinstance(error, DomainError | UnavailableError | OSError):
        log.warning("command failed", id=entity_id, error=type(error).__name__)
    else:
        log.error("command failed", id=entity_id, exc_info=error)
