"""What happens around every gRPC call: its deadline, its log line, and errors as status codes."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
import structlog

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
    """The message does not say what it must."""


class OverdueError(Exception):
    """The call took as long as it may."""


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

# clients take 8 KiB of trailers, in which a character may need twelve bytes
LONGEST_DETAIL = 500

log = structlog.get_logger()


@dataclass(slots=True)
class Call:
    method: str
    streaming: bool
    context: Context
    proceed: Callable[[], Awaitable[Any]]


class HandlerInterceptor(grpc.aio.ServerInterceptor, ABC):
    """Wraps each method's handler once: gRPC asks for it with every call, and it is always the same."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Any] = {}

    @abstractmethod
    def wrap(self, method: str, handler: Any) -> Any: ...

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        method = handler_call_details.method
        if wrapped := self._wrapped.get(method):
            return wrapped
        if handler := await continuation(handler_call_details):
            self._wrapped[method] = self.wrap(method, handler)
        return self._wrapped.get(method)


class Interceptor(HandlerInterceptor):
    """Wraps the behaviors that LimitInterceptor returns: every request is a stream, every answer awaited."""

    @abstractmethod
    async def around(self, call: Call) -> Any:
        """Call `proceed` for the response, or abort."""

    def wrap(self, method: str, handler: Any) -> Any:
        streaming = handler.response_streaming
        proceed = handler.stream_stream if streaming else handler.stream_unary

        async def behave(messages: object, context: Any) -> Any:
            return await self.around(Call(method, streaming, context, lambda: proceed(messages, context)))

        return handler_of(streaming, behave, handler.request_deserializer, handler.response_serializer)


def handler_of(
    streaming: bool,
    behave: Behavior,
    decode: Callable[[bytes], Any],
    encode: Callable[[Any], bytes],
) -> Any:
    make: Any = grpc.stream_stream_rpc_method_handler if streaming else grpc.stream_unary_rpc_method_handler
    return make(behave, decode, encode)


class LogInterceptor(Interceptor):
    def __init__(self) -> None:
        super().__init__()
        self._log = log.bind()  # once, since it takes as long as to write a line

    async def around(self, call: Call) -> Any:
        ids = _ids(call.context)
        call.context.set_trailing_metadata((("x-request-id", ids["request_id"]),))
        started = time.perf_counter()
        structlog.contextvars.bind_contextvars(**ids)  # for good: each call has a context of its own
        try:
            return await call.proceed()
        finally:
            code = call.context.code() or grpc.StatusCode.OK
            seconds = round(time.perf_counter() - started, 6)
            self._log.info("call", method=call.method, status=code.name, seconds=seconds)


def _ids(context: Context) -> dict[str, str]:
    request_id = traceparent = None
    for name, value in context.invocation_metadata() or ():
        if name == "x-request-id":
            request_id = str(value)
        elif name == "traceparent":
            traceparent = str(value)
    return request_ids(request_id, traceparent)


class StatusInterceptor(Interceptor):
    def __init__(self, max_seconds: float) -> None:
        super().__init__()
        self._max_seconds = max_seconds

    async def around(self, call: Call) -> Any:
        limit = None if call.streaming else self._max_seconds
        if (remaining := call.context.time_remaining()) is not None:
            limit = remaining if limit is None else min(remaining, limit)
        try:
            async with asyncio.timeout(limit) as timeout:
                return await call.proceed()
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            if timeout.expired() and isinstance(error, TimeoutError):
                await call.context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"took over {limit:.3f} s")
            await _abort(call, error)


async def _abort(call: Call, error: Exception) -> NoReturn:
    for kind in type(error).__mro__:
        if status := STATUS.get(kind):
            await call.context.abort(status, str(error)[:LONGEST_DETAIL])
    log.error("call failed", method=call.method, exc_info=error)
    await call.context.abort(grpc.StatusCode.INTERNAL, "the service failed; it was logged")
