"""Token buckets: a request takes a token, which comes back after an interval.

They follow the Generic Cell Rate Algorithm (ITU-T I.371, virtual scheduling), which keeps one number for
each bucket: the theoretical arrival time, at which it is full again. Times are whole microseconds, so that no
token is lost or won by rounding.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

SECOND = 1_000_000


class Decision(NamedTuple):
    allowed: bool
    remaining: int
    """Tokens that are left."""
    next_seconds: float
    """The time until there is one more."""


@dataclass(frozen=True, slots=True)
class Limit:
    interval: int
    """The microseconds after which a token comes back."""
    burst: int
    """The tokens of a full bucket."""

    @property
    def fill(self) -> int:
        """The microseconds in which an empty bucket gets full."""
        return self.burst * self.interval

    def decision(self, allowed: bool, until_full: int) -> Decision:
        """What is known of a bucket by the microseconds until it is full again."""
        remaining, begun = divmod(self.fill - until_full, self.interval)
        return Decision(allowed, remaining, (self.interval - begun) / SECOND)


class Buckets(Protocol):
    @property
    def limit(self) -> Limit:
        """The same for all buckets."""

    async def take(self, key: str) -> Decision:
        """Take a token from the bucket of that name, if there is one. Never raises."""
