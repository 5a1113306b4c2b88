"""How long calls of other services take. Nobody listens until metrics are exported."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, str, str, float], None]
"""Arguments: the other service, its operation, the type of the error if there was one, and seconds."""


class Durations:
    def __init__(self) -> None:
        self._listener: Listener | None = None

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    @contextmanager
    def timed(self, service: str, operation: str) -> Iterator[None]:
        start, error = time.perf_counter(), ""
        try:
            yield
        except BaseException as raised:
            error = type(raised).__qualname__
            raise
        finally:
            if self._listener:
                self._listener(service, operation, error, time.perf_counter() - start)


CALLS = Durations()
