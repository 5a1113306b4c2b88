"""How failures of another service are met: by a circuit breaker, a time limit, retries and hedges."""

from ..resilience.breaker import Breaker
from ..resilience.guard import Guard, Operation, Result
from ..resilience.retries import RetriedReads, RetryBudget
from ..telemetry import Counter
from .errors import least_pause
from .hedging import HedgedGuard, InFlight
from .settings import Callee

RETRIES = 2
PAUSE_SECONDS = 1
"""How long a service is left alone when half of its calls fail."""

REPEATED = Counter("client_retries_total", "Failed calls of other services, tried again or not", "decision")


class Policy:
    """Calls that may be repeated are tried again after failures that may pass; others never are.

    With `hedge_after_seconds`, they are also made a second time when they take longer.
    """

    def __init__(self, callee: Callee) -> None:
        breaker = Breaker(callee.name, PAUSE_SECONDS, lease_seconds=callee.timeout_seconds)
        budget = RetryBudget()
        self._in_flight = InFlight(callee.max_in_flight)
        self._guard = Guard(breaker, callee.timeout_seconds)
        repeated = self._guard
        if callee.hedge_after_seconds:
            limits = (callee.timeout_seconds, callee.hedge_after_seconds)
            repeated = HedgedGuard(breaker, *limits, budget, self._in_flight)
        self._repeated = RetriedReads(repeated, RETRIES, budget, REPEATED, least_pause=least_pause)

    async def call(self, attempt: Operation[Result], *, repeatable: bool) -> Result:
        with self._in_flight:
            return await (self._repeated if repeatable else self._guard).call(attempt)
