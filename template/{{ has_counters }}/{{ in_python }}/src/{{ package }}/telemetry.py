"""What parts of the service count. It goes nowhere until an exporter listens."""

from collections.abc import Callable

Listener = Callable[[float, str], None]
"""Is given by how much a counter has grown, and the value of its label."""


class Counter:
    """A number that only grows; with a label, one for each value of it."""

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
