"""What an operation costs, in figures that hold on other machines, too."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from .distance import SECONDS
from .operations import Call, Operation, Protocol, Stored
from .processes import serving

ROUNDS = int(os.environ.get("LOAD_ROUNDS", "5"))
ALONE, TOGETHER, CALLERS = 100, 5, 4
"""Requests in a round of one caller, and of each of many."""


@dataclass(frozen=True)
class Ports:
    near: int
    far: int


@dataclass(frozen=True)
class Cost:
    cost: float
    """How much longer one caller waits than for a server that does nothing else: a ratio."""
    trips: float
    """How long one of many callers waits if the database is far away, in units of its distance."""


async def costs(
    protocol: Protocol, stored: Sequence[Stored], ports: Ports
) -> AsyncIterator[tuple[str, Cost]]:
    with serving(protocol.bare_server) as bare:
        for each in stored:
            for operation in protocol.operations(each):
                cost = await _cost(protocol, operation, ports.near, bare)
                trips = await _trips(protocol, operation, ports.far)
                yield operation.name, Cost(round(cost, 2), round(trips, 2))


async def _cost(protocol: Protocol, operation: Operation, near: int, bare: int) -> float:
    """Both in turns, so that both have the same quiet moments."""
    async with protocol.connected(near) as call, protocol.connected(bare) as bare_call:
        await _quick(operation, [call], ALONE)
        rounds = [
            (await _quick(operation, [call], ALONE), await _quick(protocol.bare, [bare_call], ALONE))
            for _ in range(ROUNDS)
        ]
    return min(mine for mine, _ in rounds) / min(its for _, its in rounds)


async def _trips(protocol: Protocol, operation: Operation, far: int) -> float:
    async with AsyncExitStack() as stack:
        calls = [await stack.enter_async_context(protocol.connected(far)) for _ in range(CALLERS)]
        await _quick(operation, calls, TOGETHER)
        return min([await _quick(operation, calls, TOGETHER) for _ in range(ROUNDS)]) / SECONDS


async def _quick(operation: Operation, calls: Sequence[Call], count: int) -> float:
    """The seconds within which a quarter of the requests are answered: others waited for what else runs here.

    Each caller sends the next request when the last one was answered.
    """
    requests = [await operation.requests(count) for _ in calls]
    taken = await asyncio.gather(*map(_seconds, calls, requests))
    return statistics.quantiles((seconds for each in taken for seconds in each), n=4)[0]


async def _seconds(call: Call, requests: list[Any]) -> list[float]:
    taken = []
    for request in requests:
        started = time.perf_counter()
        await call(request)
        taken.append(time.perf_counter() - started)
    return taken
