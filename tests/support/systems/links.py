"""Links to servers that are slower than this machine's, or that hang."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A port by which a server is reached."""

    port: int
    _loop: asyncio.AbstractEventLoop
    _passing: asyncio.Event

    def hang(self) -> None:
        """Accept connections and requests, and deliver nothing."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def go_on(self) -> None:
        """Deliver what was held back, and all that comes."""
        self._loop.call_soon_threadsafe(self._passing.set)


@contextmanager
def link(port: int, seconds: float = 0) -> Iterator[Link]:
    """To the server on `port`. What it sends arrives so much later."""
    started: Future[tuple[Link, asyncio.Event]] = Future()

    async def serve() -> None:
        passing, stopping = asyncio.Event(), asyncio.Event()
        passing.set()

        async def accept(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            server, to_server = await asyncio.open_connection("127.0.0.1", port)
            both = _copy(client, to_server, 0, passing), _copy(server, to_client, seconds, passing)
            await asyncio.gather(*both)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        own = Link(server.sockets[0].getsockname()[1], asyncio.get_running_loop(), passing)
        started.set_result((own, stopping))
        await stopping.wait()

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(asyncio.run, serve())
        own, stopping = started.result(10)
        try:
            yield own
        finally:
            own._loop.call_soon_threadsafe(stopping.set)
            serving.result(10)


@contextmanager
def slow_link(port: int, seconds: float) -> Iterator[int]:
    """The port of a slow link."""
    with link(port, seconds) as slow:
        yield slow.port


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float, passing: asyncio.Event
) -> None:
    """Each piece is delayed, but those behind it are not delayed once more."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await reader.read(65536):
            await passing.wait()
            loop.call_later(seconds, writer.write, data)
    loop.call_later(seconds, writer.close)
