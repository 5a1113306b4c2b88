"""The part of Memcached's text protocol that a cache needs.

aiomcache 0.8 blocks the event loop when the server closes the connection during a set, and reuses a
connection whose caller has given up before the answer came.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

END = b"\r\nEND\r\n"

Connection = tuple[StreamReader, StreamWriter]


class ProtocolError(Exception):
    """An answer that is not one of the expected ones."""


class MemcachedClient:
    """Keeps connections for reuse. Each call has `timeout_seconds`, waiting for a connection included."""

    def __init__(self, host: str, port: int, timeout_seconds: float, max_connections: int) -> None:
        self._address = (host, port)
        self._timeout_seconds = timeout_seconds
        self._free = asyncio.Semaphore(max_connections)
        self._idle: list[Connection] = []

    async def get(self, key: str) -> bytes | None:
        async with self._connection() as (reader, writer):
            writer.write(f"get {key}\r\n".encode())
            line = await reader.readline()
            match line.split():
                case [b"END"]:
                    return None
                case [b"VALUE", _, _, length]:
                    data = await reader.readexactly(int(length) + len(END))
                    return data[: -len(END)]
            raise _unexpected(line)

    async def store(self, command: str, key: str, value: bytes, seconds: int) -> None:
        """By the command `set`, or by `add`, which stores nothing where something is."""
        async with self._connection() as (reader, writer):
            writer.write(f"{command} {key} 0 {seconds} {len(value)}\r\n".encode() + value + b"\r\n")
            line = await reader.readline()
            if line.strip() not in (b"STORED", b"NOT_STORED"):
                raise _unexpected(line)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with asyncio.timeout(self._timeout_seconds), self._free:
            connection = self._reusable() or await asyncio.open_connection(*self._address)
            try:
                yield connection
            except BaseException:
                # the answer could still arrive, and be taken for that of the next call
                connection[1].transport.abort()
                raise
            self._idle.append(connection)

    def _reusable(self) -> Connection | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None


def _unexpected(line: bytes) -> Exception:
    """Errors of Memcached contain nothing of what was sent."""
    if not line:
        return EOFError("the server has closed the connection")
    return ProtocolError(line.decode(errors="replace").strip())
