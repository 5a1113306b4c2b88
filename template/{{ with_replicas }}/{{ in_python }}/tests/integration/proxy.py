"""A way to a server that a test can cut: what a client sees when the server is killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Passes on what connects to `address`, to `target` if there is one."""

    address: str

    def __init__(self, target: tuple[str, int] | None) -> None:
        self._target = target
        self._passing: set[asyncio.Task[None]] = set()

    def cut(self, target: tuple[str, int] | None = None) -> None:
        """Close all connections. Later ones go to the new target; where there is none, they are closed."""
        self._target = target
        for task in self._passing:
            task.cancel()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._passing.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await self._pass(reader, writer)
        self._passing.discard(task)
        writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._target:
            return
        from_server, to_server = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as group:
                there = group.create_task(_copy(reader, to_server))
                back = group.create_task(_copy(from_server, writer))
                await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
        finally:
            to_server.transport.abort()


@asynccontextmanager
async def proxy(target: tuple[str, int] | None) -> AsyncIterator[Proxy]:
    passing = Proxy(target)
    server = await asyncio.start_server(passing.accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    passing.address = f"{host}:{port}"
    try:
        yield passing
    finally:
        server.close()
        passing.cut()
        await server.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
