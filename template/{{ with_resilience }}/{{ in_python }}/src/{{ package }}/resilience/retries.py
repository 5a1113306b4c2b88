"""Repeatable calls are tried again after failures that may pass, such as a lost connection, within a budget.

In an outage every call fails, and retries would multiply the load. So they are a share of all calls, as in
Finagle's RetryBudget and in gRPC's retry throttling (gRFC A6). The pauses are those of "full jitter"
(Marc Brooker, Exponential Backoff And Jitter).
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from ..errors import TimedOutError, UnavailableError
from ..telemetry import Counter
from .breaker import Clock, Randomness
from .guard import Guard, Operation, RefusedError, Result

SHARE = 0.1
"""Retries for each call."""
BURST = 10
"""Retries that are saved up at most."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1

Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


class RetryBudget:
    """A token bucket: each call adds a share of a token, and each retry takes one."""

    def __init__(self) -> None:
        self._tokens: float = BURST

    def add_call(self) -> None:
        self._tokens = min(BURST, self._tokens + SHARE)

    def take(self) -> bool:
        """Whether there is a retry left."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RetriedReads:
    """Repeatable calls, each within the time limit of the guard with all its attempts.

    What has hung is not tried again, nor is a call that a breaker has refused.
    """

    def __init__(
        self,
        guard: Guard,
        retries: int,
        budget: RetryBudget,
        counter: Counter,
        clock: Clock = time.monotonic,
        randomness: Randomness = random.random,
        sleep: Sleep = asyncio.sleep,
        least_pause: Callable[[UnavailableError], float] = lambda error: 0,
    ) -> None:
        self._guard = guard
        self._retries = retries
        self._budget = budget
        self._clock = clock
        self._randomness = randomness
        self._sleep = sleep
        self._counter = counter
        self._least_pause = least_pause

    async def call(self, operation: Operation[Result]) -> Result:
        self._budget.add_call()
        deadline = self._clock() + self._guard.timeout_seconds
        for attempt in range(self._retries):
            try:
                return await self._guard.call(operation, deadline - self._clock())
            except (TimedOutError, RefusedError):
                raise
            except UnavailableError as error:
                longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
                pause = max(longest * self._randomness(), self._least_pause(error))
                if not self._allows_retry(deadline - self._clock() - pause):
                    raise
            await self._sleep(pause)
        return await self._guard.call(operation, deadline - self._clock())

    def _allows_retry(self, seconds_left: float) -> bool:
        """With less than half of its time, a retry could fail where the system works."""
        allowed = seconds_left >= self._guard.timeout_seconds / 2 and self._budget.take()
        decision = "retried" if allowed else "given up"
        self._counter.add(1, decision)
        log.debug("repeatable call failed", decision=decision)
        return allowed
