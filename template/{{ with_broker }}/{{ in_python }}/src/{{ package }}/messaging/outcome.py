"""The outcome of publishing a batch of events."""

from dataclasses import dataclass, field

from .event import Event

UNCONFIRMED = "not confirmed in time"


@dataclass
class Outcome:
    confirmed: list[Event] = field(default_factory=list)
    rejected: list[tuple[Event, str]] = field(default_factory=list)
    """With the reason, which contains nothing of the body."""
    unanswered: int = 0
    """The number of events whose fate is unknown, for instance because one of them broke the connection."""
