"""A connection to a server that a test can cut, as if the server had been killed, and restore."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.ports import listener


class Link:
    """Passes on what arrives at its own URL. A silent one accepts connections, and no more."""

    silent = False

    def __init__(self, url: str) -> None:
        server = urlsplit(url)
        self._address = (server.hostname, server.port)
        self._listening: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        with listener() as free:
            self._port = free.getsockname()[1]
        self.url = server._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    async def restore(self) -> None:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", self._port)

    async def cut(self) -> None:
        if self._listening:
            self._listening.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if self.silent:
            return
        there, back = await asyncio.open_connection(*self._address)
        self._writers.append(back)
        with suppress(OSError):
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[Link]:
    link = Link(url)
    await link.restore()
    try:
        yield link
    finally:
        await link.cut()
