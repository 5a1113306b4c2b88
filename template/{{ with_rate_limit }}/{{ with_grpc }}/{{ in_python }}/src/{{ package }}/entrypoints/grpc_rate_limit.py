"""The rate limit over gRPC: RESOURCE_EXHAUSTED, with the time to wait."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from ..rate_limiting.buckets import Buckets
from ..rate_limiting.requests import decide, network
from .bulkheads import OverloadedError
from .grpc_interceptors import Behavior, Context, Limit
from .grpc_limits import peer_of

UNLIMITED = ("/grpc.health.", "/grpc.reflection.")
DETAILS = "grpc-status-details-bin"


def client_key(context: Context) -> str:
    host, _ = peer_of(context)
    return network(host)


def rate_limited(buckets: Buckets) -> Callable[[Limit], Limit]:
    """The behavior of each method, if the client's bucket for it has a token. Messages are not waited for."""

    def around(limit: Limit) -> Limit:
        def limited(method: str, handler: Any) -> Behavior:
            answer = limit(method, handler)
            if method.startswith(UNLIMITED):
                return answer

            async def behave(messages: object, context: Context) -> Any:
                decision = await decide(buckets, client_key(context), method)
                if decision.allowed:
                    return await answer(messages, context)
                text = f"too many calls; wait for {decision.next_seconds:.3f} s"
                trailing = context.trailing_metadata() or ()
                details = _details(text, decision.next_seconds)
                context.set_trailing_metadata((*trailing, (DETAILS, details)))
                raise OverloadedError(text)

            return behave

        return limited

    return around


def _details(text: str, seconds: float) -> bytes:
    delay = Duration()
    delay.FromTimedelta(timedelta(seconds=seconds))
    info = AnyMessage()
    info.Pack(RetryInfo(retry_delay=delay))
    code, _ = grpc.StatusCode.RESOURCE_EXHAUSTED.value
    written: bytes = Status(code=code, message=text, details=[info]).SerializeToString()
    return written
