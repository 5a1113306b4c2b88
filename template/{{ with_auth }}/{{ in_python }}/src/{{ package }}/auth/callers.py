"""Who calls, and what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..telemetry import Counter

REASONS = (
    "missing",
    "malformed",
    "algorithm",
    "unknown_key",
    "signature",
    "expired",
    "not_yet_valid",
    "issuer",
    "audience",
    "claims",
    "scope",
)
REFUSALS = Counter("auth_refusals_total", "Requests of callers who may not send them", "reason", REASONS)

REQUIRED = "an access token is required"
REFUSED = "the access token is not valid"


class UnauthenticatedError(Exception):
    """Callers do not learn what is wrong with a token, only whether they have sent one."""

    def __init__(self, reason: str) -> None:
        self.missing = reason == "missing"
        super().__init__(REQUIRED if self.missing else REFUSED)
        REFUSALS.add(value=reason)


class ForbiddenError(Exception):
    """The caller is known, and may not do this."""

    def __init__(self) -> None:
        super().__init__("the access token does not allow this")
        REFUSALS.add(value="scope")


@dataclass(frozen=True, slots=True)
class Caller:
    subject: str
    scopes: frozenset[str]


class Callers(Protocol):
    async def check(self) -> None:
        """Raises an error if callers cannot be identified at present."""

    async def identify(self, token: str | None) -> Caller:
        """Whose token it is. Raises UnauthenticatedError, or UnavailableError if that cannot be decided."""


def bearer(values: Sequence[str]) -> str | None:
    """The token in the values of `Authorization` (RFC 6750, section 2.1). None if there is no such header."""
    if not values:
        return None
    scheme, _, token = values[0].partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer":
        raise UnauthenticatedError("malformed")
    return token.strip(" ")
