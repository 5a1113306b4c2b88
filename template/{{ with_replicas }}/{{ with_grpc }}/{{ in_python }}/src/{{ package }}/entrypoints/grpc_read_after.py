"""Tokens of writes in gRPC: trailing metadata of the answer, which may be sent with later reads."""

from typing import Any

from ..replication.read_after import NAME, reading_after
from ..replication.tokens import MALFORMED, is_token
from .grpc_interceptors import Behavior, Context, InvalidRequestError, Limit


def read_after_token(limit: Limit) -> Limit:
    """The same, around the behavior of each method."""

    def limited(method: str, handler: Any) -> Behavior:
        answer = limit(method, handler)

        async def behave(messages: object, context: Context) -> Any:
            metadata: dict[str, Any] = dict(context.invocation_metadata() or ())
            token = metadata.get(NAME)
            if not is_token(token):
                raise InvalidRequestError(MALFORMED)
            with reading_after(token) as call:
                try:
                    return await answer(messages, context)
                finally:
                    if call.written:
                        trailing = context.trailing_metadata() or ()
                        context.set_trailing_metadata((*trailing, (NAME, call.written)))

        return behave

    return limited
