"""The adaptive limit over gRPC: UNAVAILABLE for what would only wait. Health checks are not limited."""

from collections.abc import Callable
from typing import Any

from ..errors import UnavailableError
from ..throttling.adaptive_limit import AdaptiveLimit, ShedError
from .grpc_interceptors import Behavior, Context, Limit

# health checks and reflection
OWN_SERVICES = "/grpc."


def throttled(limit: AdaptiveLimit) -> Callable[[Limit], Limit]:
    """The behavior of each method while few calls are in flight. Messages are not waited for."""

    def around(inner: Limit) -> Limit:
        def limited(method: str, handler: Any) -> Behavior:
            answer = inner(method, handler)
            if method.startswith(OWN_SERVICES):
                return answer

            async def behave(messages: object, context: Context) -> Any:
                try:
                    began = limit.enter()
                except ShedError as error:
                    raise UnavailableError(str(error)) from error
                try:
                    return await answer(messages, context)
                finally:
                    limit.leave(began)

            return behave

        return limited

    return around
