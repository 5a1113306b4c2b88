"""What calls of other services raise, beside UnavailableError and TimedOutError."""

import grpc

from ..errors import TimedOutError, UnavailableError

NOT_AVAILABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


class RemoteError(Exception):
    """Another service has answered with an error. What that means here, the caller of the client says."""

    def __init__(self, service: str, code: grpc.StatusCode, detail: str) -> None:
        super().__init__(f"{service} has answered {code.name}")
        self.code = code
        self.detail = detail


def translated(service: str, error: grpc.aio.AioRpcError) -> Exception:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimedOutError(f"{service} has not answered in time")
    if code in NOT_AVAILABLE:
        return UnavailableError(f"{service} is not available at present")
    return RemoteError(service, code, error.details() or "")
