"""What happens around every gRPC call: its deadline, its log line, and errors as status codes."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
import structlog

from ..domain import AlreadyExistsError, NotFoundError, StaleVersionError


class InvalidRequestError(Exception):
    """The message does not say what it must."""


STATUS: dict[type[Exception], grpc.StatusCode] = {
    InvalidRequestError: grpc.StatusCode.INVALID_ARGUMENT,
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    AlreadyExistsError: grpc.StatusCode.ALREADY_EXISTS,
    StaleVersionError: grpc.StatusCode.ABORTED,
}

Context = grpc.aio.ServicerContext[Any, Any]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    context: Context
    proceed: Callable[[], Awaitable[Any]]


class UnaryInterceptor(grpc.aio.ServerInterceptor, ABC):
    @abstractmethod
    async def around(self, call: Call) -> Any:
        """Call `proceed` for the response, or abort."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method, proceed = handler_call_details.method, handler.unary_unary

        async def behave(request: object, context: Any) -> Any:
            return await self.around(Call(method, context, lambda: proceed(request, context)))

        return grpc.unary_unary_rpc_method_handler(
            behave, handler.request_deserializer, handler.response_serializer
        )


class LogInterceptor(UnaryInterceptor):
    async def around(self, call: Call) -> Any:
        started = time.perf_counter()
        try:
            return await call.proceed()
        finally:
            code = call.context.code() or grpc.StatusCode.OK
            seconds = round(time.perf_counter() - started, 6)
            log.info("call", method=call.method, status=code.name, seconds=seconds)


class StatusInterceptor(UnaryInterceptor):
    def __init__(self, max_seconds: float) -> None:
        self._max_seconds = max_seconds

    async def around(self, call: Call) -> Any:
        remaining = call.context.time_remaining()
        limit = self._max_seconds if remaining is None else min(remaining, self._max_seconds)
        try:
            async with asyncio.timeout(limit):
                return await call.proceed()
        except grpc.aio.AbortError:
            raise
        except TimeoutError:
            await call.context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"took over {limit:.3f} s")
        except Exception as error:
            await _abort(call, error)


async def _abort(call: Call, error: Exception) -> NoReturn:
    if status := STATUS.get(type(error)):
        await call.context.abort(status, str(error))
    log.error("call failed", method=call.method, exc_info=error)
    await call.context.abort(grpc.StatusCode.INTERNAL, "the service failed; it was logged")
