"""The port of cache servers: get, set and delete of bytes, and the settings that all servers have."""

from typing import Protocol

from pydantic import Field

from .read_through import LONGEST_LOAD_SECONDS
from .settings import CachingSettings

# What another instance began to load before a change arrives within this time, or is not kept.
DELETED_SECONDS = 2 * LONGEST_LOAD_SECONDS


class ServerSettings(CachingSettings):
    timeout_seconds: float = Field(0.2, gt=0, description="for each operation")
    pause_seconds: float = Field(1, gt=0, description="how long the server is left alone when it fails")
    max_connections: int = Field(50, ge=1)


class ServerError(Exception):
    """The server did not answer, or not as it should. The message is logged: nothing of a copy is in it."""


class CacheServer(Protocol):
    """A server that instances of the service share. All methods raise ServerError."""

    async def get(self, key: str) -> bytes | None:
        """The copy; None or no bytes if there is none."""

    async def set(self, key: str, copy: bytes, seconds: float) -> None:
        """Keep the copy for this time, unless there is one, or one was just deleted. Atomic."""

    async def delete(self, key: str) -> None:
        """Drop the copy. For DELETED_SECONDS, nothing is set in its place."""
