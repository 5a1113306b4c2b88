"""Counters of the service. Nobody sees them until an exporter listens."""

from collections.abc import Callable

Listener = Callable[[float, str], None]
"""Receives by how much a counter has grown, and the value of its label."""


class Counter:
    """A number that only grows. With a label, there is one for each value of the label."""

    def __init__(self, name: str, description: str, label: str = "") -> None:
        self.name = name
        self.description = description
        self.label = label
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def add(self, amount: float = 1, value: str = "") -> None:
        for listener in self._listeners:
            listener(amount, value)
