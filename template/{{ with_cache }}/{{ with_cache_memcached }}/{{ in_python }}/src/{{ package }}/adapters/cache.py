"""The cache in Memcached, shared by all instances."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import ceil
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from ..caching.server import DELETED_SECONDS, ServerError, ServerSettings
from .memcached import MemcachedClient, ProtocolError

DELETED = b""
PORT = 11211
# what Memcached accepts by default is 1 MiB, key and header included
LONGEST_COPY = 1_000_000
# a longer time would be taken for a date
LONGEST_SECONDS = 30 * 24 * 3600


class CacheSettings(ServerSettings):
    url: SecretStr = Field(description="memcached://HOST:PORT")


class MemcachedServer:
    def __init__(self, client: MemcachedClient) -> None:
        self._client = client

    async def get(self, key: str) -> bytes | None:
        with _translated_errors():
            return await self._client.get(key)

    async def set(self, key: str, copy: bytes, seconds: float) -> None:
        if len(copy) <= LONGEST_COPY:
            with _translated_errors():
                await self._client.store("add", key, copy, min(ceil(seconds), LONGEST_SECONDS))

    async def delete(self, key: str) -> None:
        with _translated_errors():
            # the second in which it is stored counts as a whole one
            await self._client.store("set", key, DELETED, DELETED_SECONDS + 1)


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (ProtocolError, OSError, EOFError, TimeoutError) as error:
        raise ServerError(str(error) or type(error).__name__) from error


@asynccontextmanager
async def connect(settings: CacheSettings) -> AsyncIterator[MemcachedServer]:
    url = urlsplit(settings.url.get_secret_value())
    client = MemcachedClient(
        url.hostname or "localhost",
        url.port or PORT,
        settings.timeout_seconds,
        settings.max_connections,
    )
    try:
        yield MemcachedServer(client)
    finally:
        client.close()
