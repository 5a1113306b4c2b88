"""Callers that each send the next request as soon as the last one is answered, for a time."""

import asyncio
import re
import statistics
import time
from dataclasses import dataclass

CALLERS = 16


@dataclass(frozen=True)
class Load:
    per_second: float
    p99_milliseconds: float


async def load(port: int, path: str, seconds: float) -> Load:
    request = f"GET {path} HTTP/1.1\r\nHost: service\r\n\r\n".encode()
    until = time.perf_counter() + seconds
    callers = (_call(port, request, until) for _ in range(CALLERS))
    times = sorted(time for taken in await asyncio.gather(*callers) for time in taken)
    return Load(len(times) / seconds, statistics.quantiles(times, n=100)[-1] * 1000)


async def _call(port: int, request: bytes, until: float) -> list[float]:
    """The seconds that each request has taken. A client of few lines leaves the processor to the service."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    try:
        while (started := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            [length] = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
            await reader.readexactly(int(length))
            taken.append(time.perf_counter() - started)
    finally:
        writer.close()
        await writer.wait_closed()
    return taken
