"""The adaptive limit over gRPC: UNAVAILABLE for what would only wait. Health checks are not limited."""

from collections.abc import Callable
from typing import Any

from ..errors import UnavailableError
from ..throttling.adaptive_limit import AdaptiveLimit, ShedError
from .grpc_interceptors import Behavior, Context, Limit

# health checks and reflection
OWN_SERVICES = "/grpc."


def throttled(limit: AdaptiveLimit) -> Callable[[Limit], Limit]:
    """The same for each method, while few messages that have arrived are in hand."""

    def around(inner: Limit) -> Limit:
        def limited(method: str, handler: Any) -> Behavior:
            if handler.unary_unary is None or method.startswith(OWN_SERVICES):
                return inner(method, handler)

            async def answer(message: object, context: Context) -> Any:
                try:
                    began = limit.enter()
                except ShedError as error:
                    raise UnavailableError(str(error)) from error
                try:
                    return await handler.unary_unary(message, context)
                finally:
                    limit.leave(began)

            return inner(method, handler._replace(unary_unary=answer))

        return limited

    return around
