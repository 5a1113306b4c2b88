"""What became of the events of a batch."""

from dataclasses import dataclass, field

from sqlalchemy import RowMapping

UNCONFIRMED = "not confirmed in time"


@dataclass
class Outcome:
    confirmed: list[RowMapping] = field(default_factory=list)
    rejected: list[tuple[RowMapping, str]] = field(default_factory=list)
    """With the reason, in which nothing of the body is."""
    unanswered: int = 0
    """Of how many it is unknown what became of them, for instance since one of them broke the connection."""
