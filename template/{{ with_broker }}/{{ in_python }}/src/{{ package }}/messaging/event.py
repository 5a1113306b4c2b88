"""Events on their way from the outbox to the broker."""

from typing import Any, Protocol


class Event(Protocol):
    """An event, as the outbox has it."""

    def __getitem__(self, name: str, /) -> Any: ...


Chain = list[Event]
"""Events of one resource, in order."""
