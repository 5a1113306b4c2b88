"""What the service does with other systems. Nobody watches until tracing does."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

Watch = Callable[[str, Mapping[str, str]], AbstractContextManager[object]]
"""Returns the context of an operation, for its subject and the headers of what has caused it."""

_unwatched = nullcontext()


class Operation:
    """Something that takes time and may fail: `with SEND("order.created"): …`."""

    def __init__(self) -> None:
        self._watch: Watch | None = None

    def watch(self, watch: Watch) -> None:
        self._watch = watch

    def __call__(
        self,
        subject: str,
        headers: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[object]:
        return self._watch(subject, headers or {}) if self._watch else _unwatched
