"""A second attempt of a call that takes long: the first answer wins, and the other attempt is cancelled.

After Dean and Barroso, The Tail at Scale (Communications of the ACM 56(2), 2013), and the hedging policy of
gRPC (gRFC A6). A hedge is taken from the budget of retries, so that both together are a share of all calls.
"""

import asyncio
import time
from typing import Any

import structlog

from ..errors import UnavailableError
from ..resilience.breaker import Breaker, Clock
from ..resilience.guard import Guard, Operation, Result
from ..resilience.retries import RetryBudget, Sleep
from ..telemetry import Counter

HEDGES = Counter(
    "client_hedges_total",
    "Slow calls of other services by what became of the second attempt",
    "outcome",
    ("won", "lost", "failed", "cancelled", "not sent"),
)

log = structlog.get_logger()


class InFlight:
    """Calls and their hedges while they last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._number = 0

    @property
    def is_full(self) -> bool:
        return self._number >= self._most

    def __enter__(self) -> None:
        self._number += 1

    def __exit__(self, *_: object) -> None:
        self._number -= 1


class HedgedGuard(Guard):
    """For calls that may be repeated. Both attempts are guarded, and end within the time limit of the call.

    There is no hedge while the breaker is not closed, nor with the maximum of calls in flight.
    """

    def __init__(
        self,
        breaker: Breaker,
        timeout_seconds: float,
        after_seconds: float,
        budget: RetryBudget,
        in_flight: InFlight,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        counter: Counter = HEDGES,
    ) -> None:
        super().__init__(breaker, timeout_seconds)
        self._after_seconds = after_seconds
        self._budget = budget
        self._in_flight = in_flight
        self._clock = clock
        self._sleep = sleep
        self._counter = counter

    async def call(self, operation: Operation[Result], timeout_seconds: float | None = None) -> Result:
        deadline = self._clock() + (timeout_seconds or self.timeout_seconds)
        first = asyncio.create_task(super().call(operation, timeout_seconds))
        delay = asyncio.ensure_future(self._sleep(self._after_seconds))
        tasks: list[asyncio.Future[Any]] = [first, delay]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if first.done():
                return first.result()
            seconds_left = deadline - self._clock()
            if not self._allows_hedge(seconds_left):
                self._note("not sent")
                return await first
            with self._in_flight:
                second = asyncio.create_task(super().call(operation, seconds_left))
                tasks.append(second)
                return await self._first_answer(first, second)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _allows_hedge(self, seconds_left: float) -> bool:
        usable = seconds_left > 0 and self._breaker.state == "closed" and not self._in_flight.is_full
        return usable and self._budget.take()

    async def _first_answer(self, first: asyncio.Task[Result], second: asyncio.Task[Result]) -> Result:
        """An error that is an answer is one, too. If both fail, it is the error of the last."""
        outcome = "cancelled"
        pending = {first, second}
        try:
            while True:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                answered = [attempt for attempt in done if not _has_failed(attempt)]
                if answered or not pending:
                    winner = (answered or list(done))[0]
                    outcome = "failed" if not answered else "won" if winner is second else "lost"
                    return winner.result()
        finally:
            self._note(outcome)

    def _note(self, outcome: str) -> None:
        self._counter.add(1, outcome)
        log.debug("call was slow", hedge=outcome)


def _has_failed(attempt: asyncio.Task[Any]) -> bool:
    return isinstance(attempt.exception(), UnavailableError)
