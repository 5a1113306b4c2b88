"""How failures of another service are met: they are passed on."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .settings import Callee

Result = TypeVar("Result")


class Policy:
    def __init__(self, _callee: Callee) -> None:
        """The deadline of each call is all that there is."""

    async def call(self, attempt: Callable[[], Coroutine[Any, Any, Result]], *, repeatable: bool) -> Result:
        return await attempt()
