"""Errors of calls over gRPC."""

import grpc

from ..errors import TimedOutError, UnavailableError
from .errors import RemoteError

NOT_AVAILABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


class GrpcError(RemoteError):
    """An answer with another code than OK."""

    def __init__(self, service: str, code: grpc.StatusCode, detail: str) -> None:
        super().__init__(service, code.name, detail)
        self.code = code


def translated(service: str, error: grpc.aio.AioRpcError) -> Exception:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimedOutError(f"{service} has not answered in time")
    if code in NOT_AVAILABLE:
        return UnavailableError(f"{service} is not available at present")
    return GrpcError(service, code, error.details() or "")
