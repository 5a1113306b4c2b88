"""How long callers over gRPC wait, for the calls that their own cause."""

from typing import Any

from ..remote_calls.deadline import expected_within
from .grpc_interceptors import Behavior, Context, Limit


def with_patience(limit: Limit) -> Limit:
    """The same, with the caller's deadline for what the behavior of each method calls."""

    def limited(method: str, handler: Any) -> Behavior:
        answer = limit(method, handler)

        async def behave(messages: object, context: Context) -> Any:
            remaining = context.time_remaining()
            if remaining is not None:
                expected_within(remaining)
            return await answer(messages, context)

        return behave

    return limited
