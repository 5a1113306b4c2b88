"""A circuit breaker: leaves a system alone after it has failed several times in a row."""

import random
import time
from collections.abc import Callable

Clock = Callable[[], float]


class Breaker:
    """Opens after a number of failures in a row. A call then probes the system after each pause.

    The instances of a service spread their probes by a jitter of 20 %.
    """

    JITTER = 0.2

    def __init__(self, failures: int, pause_seconds: float, clock: Clock = time.monotonic) -> None:
        self._limit = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures = 0
        self._next_probe = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._limit

    def allows_call(self) -> bool:
        """Whether to call the system now. While the breaker is open, one call in each pause may."""
        if self._failures < self._limit:
            return True
        if self._clock() < self._next_probe:
            return False
        # set before the probe, whose caller may give up without a result
        self._wait()
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        self._wait()

    def _wait(self) -> None:
        spread = 1 + self.JITTER * random.uniform(-1, 1)
        self._next_probe = self._clock() + self._pause_seconds * spread
