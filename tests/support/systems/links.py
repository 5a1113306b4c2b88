"""Links to servers that are slower than this machine's."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress


@contextmanager
def slow_link(port: int, seconds: float) -> Iterator[int]:
    """A port by which the server on `port` is reached. What it sends arrives so much later."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()

    async def accept(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(client, to_server, 0), _copy(server, to_client, seconds))

    async def serve() -> None:
        server, stopping = await asyncio.start_server(accept, "127.0.0.1", 0), asyncio.Event()
        own: int = server.sockets[0].getsockname()[1]
        started.set_result((asyncio.get_running_loop(), stopping, own))
        await stopping.wait()

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(asyncio.run, serve())
        loop, stopping, own = started.result(10)
        try:
            yield own
        finally:
            loop.call_soon_threadsafe(stopping.set)
            serving.result(10)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Each piece is delayed, but those behind it are not delayed once more."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await reader.read(65536):
            loop.call_later(seconds, writer.write, data)
    loop.call_later(seconds, writer.close)
