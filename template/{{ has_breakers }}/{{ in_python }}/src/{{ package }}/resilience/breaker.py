"""A circuit breaker: leaves a system alone while half of its calls fail.

The states are those of Resilience4j with a count-based window. Unlike there, one call probes at a time, a
probe without an outcome blocks nothing, and what began before the last change of the state does not count.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

import structlog

from ..telemetry import Counter, Gauge

WINDOW = 20
"""How many of the last outcomes count."""
MINIMUM = 10
"""With fewer outcomes, it stays closed."""
RATIO = 0.5
"""The share of failures that opens it."""
JITTER = 0.2
"""The share of the pause by which the instances of a service spread their probes."""

OPENED = Counter("circuit_breaker_opened_total", "How often a circuit breaker has opened", "breaker")
REFUSED = Counter("circuit_breaker_refused_total", "Calls that a circuit breaker has refused", "breaker")
NOT_CLOSED = Gauge("circuit_breakers_not_closed", "Circuit breakers that are open or half-open", "breaker")

Clock = Callable[[], float]
Randomness = Callable[[], float]
State = Literal["closed", "open", "half-open"]

log = structlog.get_logger()


class Breaker:
    """Opens after failures. After a pause it is half-open: the outcome of one call, the probe, decides.

    A probe may have no outcome, since its caller has given up: after its lease, another call probes. The
    lease is as long as a call may take.
    """

    def __init__(
        self,
        name: str,
        pause_seconds: float,
        lease_seconds: float,
        clock: Clock = time.monotonic,
        randomness: Randomness = random.random,
    ) -> None:
        self.name = name
        self.state: State = "closed"
        self._pause_seconds = pause_seconds
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._randomness = randomness
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)
        self._failures = 0
        self._changes = 1
        self._refuses_until = 0.0
        NOT_CLOSED.add(0, name)

    def begin(self, *, anyway: bool = False) -> int:
        """What the call has to report its outcome with; 0 if it must not be made.

        A call that is made anyway, in whatever state, closes the breaker if it succeeds.
        """
        if self.state == "closed" or anyway:
            return self._changes
        now = self._clock()
        if now < self._refuses_until:
            REFUSED.add(1, self.name)
            return 0
        if self.state == "open":
            self._change("half-open")
        self._refuses_until = now + self._lease_seconds
        return self._changes

    def succeeded(self, call: int) -> None:
        if call != self._changes:
            return
        if self.state == "closed":
            self._note(failed=False)
        else:
            self._change("closed")
            NOT_CLOSED.add(-1, self.name)
            log.info("circuit breaker closed", breaker=self.name)

    def failed(self, call: int) -> None:
        if call != self._changes:
            return
        if self.state == "half-open":
            self._open()
        elif self.state == "closed":
            self._note(failed=True)
            if len(self._outcomes) >= MINIMUM and self._failures >= RATIO * len(self._outcomes):
                log.warning("circuit breaker opened", breaker=self.name, failures=self._failures)
                NOT_CLOSED.add(1, self.name)
                self._outcomes.clear()
                self._failures = 0
                self._open()

    def _note(self, *, failed: bool) -> None:
        if len(self._outcomes) == WINDOW:
            self._failures -= self._outcomes[0]
        self._outcomes.append(failed)
        self._failures += failed

    def _open(self) -> None:
        self._change("open")
        OPENED.add(1, self.name)
        spread = 1 + JITTER * (2 * self._randomness() - 1)
        self._refuses_until = self._clock() + self._pause_seconds * spread

    def _change(self, state: State) -> None:
        """Calls that have begun before do not report any more."""
        self.state = state
        self._changes += 1
        log.debug("circuit breaker changed", breaker=self.name, state=state)
