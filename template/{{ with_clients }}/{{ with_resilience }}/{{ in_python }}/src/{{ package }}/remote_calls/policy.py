"""How failures of another service are met: by a circuit breaker, a time limit, and some retries."""

from ..resilience.breaker import Breaker
from ..resilience.guard import Guard, Operation, Result
from ..resilience.retries import RetriedReads
from ..telemetry import Counter
from .settings import Callee

RETRIES = 2
PAUSE_SECONDS = 1
"""How long a service is left alone when half of its calls fail."""

REPEATED = Counter("client_retries_total", "Failed calls of other services, tried again or not", "decision")


class Policy:
    """Calls that may be repeated are tried again after failures that may pass; others never are."""

    def __init__(self, callee: Callee) -> None:
        breaker = Breaker(callee.name, PAUSE_SECONDS, lease_seconds=callee.timeout_seconds)
        self._guard = Guard(breaker, callee.timeout_seconds)
        self._repeated = RetriedReads(self._guard, RETRIES, REPEATED)

    async def call(self, attempt: Operation[Result], *, repeatable: bool) -> Result:
        return await (self._repeated if repeatable else self._guard).call(attempt)
