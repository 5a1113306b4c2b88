"""What happens around every gRPC call: its request id, its log line, and errors as status codes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError

from ..errors import (
    AlreadyExistsError,
    DomainError,
    DuplicateError,
    FieldError,
    NotFoundError,
    StaleVersionError,
    TimedOutError,
    UnavailableError,
    UnknownReferenceError,
)
from .bulkheads import OverloadedError
from .request_ids import request_ids


class InvalidRequestError(Exception):
    """The message is invalid."""


class OverdueError(Exception):
    """The call reached its time limit."""


STATUS: dict[type[Exception], grpc.StatusCode] = {
    InvalidRequestError: grpc.StatusCode.INVALID_ARGUMENT,
    OverdueError: grpc.StatusCode.DEADLINE_EXCEEDED,
    OverloadedError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    AlreadyExistsError: grpc.StatusCode.ALREADY_EXISTS,
    DomainError: grpc.StatusCode.FAILED_PRECONDITION,
    FieldError: grpc.StatusCode.INVALID_ARGUMENT,
    DuplicateError: grpc.StatusCode.ALREADY_EXISTS,
    UnknownReferenceError: grpc.StatusCode.FAILED_PRECONDITION,
    StaleVersionError: grpc.StatusCode.ABORTED,
    UnavailableError: grpc.StatusCode.UNAVAILABLE,
    TimedOutError: grpc.StatusCode.DEADLINE_EXCEEDED,
}

Context = grpc.aio.ServicerContext[Any, Any]
Behavior = Callable[[Any, Context], Awaitable[Any]]
Limit = Callable[[str, Any], Behavior]
"""Returns the behavior of a method within the limits, for its name and its handler."""
Observer = Callable[[str, str, float], None]
"""Called at the end of each call with its method, its status and its duration in seconds."""

# clients take 8 KiB of trailers, in which a character may need twelve bytes
LONGEST_DETAIL = 500

log = structlog.get_logger()


class CallInterceptor(grpc.aio.ServerInterceptor):
    """The only interceptor, since every layer slows down each call.

    It serves every method as a stream of requests. Otherwise, gRPC would wait for the message of a unary call
    and decode it before an interceptor could limit the time or answer a malformed message.
    """

    def __init__(self, limit: Limit, *observers: Observer) -> None:
        self._limit = limit
        self._observers = (_log_line(), *observers)
        self._wrapped: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap each handler once: gRPC asks for it with every call, and it is always the same."""
        method = handler_call_details.method
        if wrapped := self._wrapped.get(method):
            return wrapped
        if handler := await continuation(handler_call_details):
            self._wrapped[method] = self._wrap(method, handler)
        return self._wrapped.get(method)

    def _wrap(self, method: str, handler: Any) -> Any:
        answer = self._limit(method, handler)

        async def behave(messages: object, context: Context) -> Any:
            started = time.perf_counter()
            ids = _ids(context)
            context.set_trailing_metadata((("x-request-id", ids["request_id"]),))
            structlog.contextvars.bind_contextvars(**ids)  # not reset: each call has its own context
            code = None
            try:
                return await answer(messages, context)
            except grpc.aio.AbortError:
                raise
            except asyncio.CancelledError:
                code = grpc.StatusCode.CANCELLED
                raise
            except Exception as error:
                await _abort(method, context, error)
            finally:
                status = (code or context.code() or grpc.StatusCode.OK).name
                seconds = time.perf_counter() - started
                for observe in self._observers:
                    observe(method, status, seconds)

        make: Any = grpc.stream_unary_rpc_method_handler
        if handler.response_streaming:
            make = grpc.stream_stream_rpc_method_handler
        return make(behave, _decoder(handler.request_deserializer), handler.response_serializer)


def _log_line() -> Observer:
    info = log.bind().info  # binding takes as long as writing a line

    def observe(method: str, status: str, seconds: float) -> None:
        info("call", method=method, status=status, seconds=round(seconds, 6))

    return observe


def _ids(context: Context) -> dict[str, str]:
    metadata: dict[str, Any] = dict(context.invocation_metadata() or ())
    return request_ids(metadata.get("x-request-id"), metadata.get("traceparent"))


async def _abort(method: str, context: Context, error: Exception) -> None:
    for kind in type(error).__mro__:
        if status := STATUS.get(kind):
            await context.abort(status, str(error)[:LONGEST_DETAIL])
    log.error("call failed", method=method, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, "the service failed; it was logged")


def _decoder(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def decode_or_refuse(data: bytes) -> Any:
        try:
            return decode(data)
        except DecodeError:
            raise InvalidRequestError("the message is malformed") from None

    return decode_or_refuse
