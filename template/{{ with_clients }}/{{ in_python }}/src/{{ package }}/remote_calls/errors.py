"""What calls of other services raise, beside TimedOutError."""

from ..errors import UnavailableError


class RemoteError(Exception):
    """Another service has answered with an error. What that means here, the caller of the client says."""

    def __init__(self, service: str, answer: str, detail: str = "") -> None:
        super().__init__(f"{service} has answered {answer}")
        self.detail = detail


class BusyError(UnavailableError):
    """The service has said how long it wants to be left alone."""

    def __init__(self, service: str, seconds: float) -> None:
        super().__init__(f"{service} is not available at present")
        self.seconds = seconds


def least_pause(error: UnavailableError) -> float:
    """The seconds that have to pass before the call is made again."""
    return error.seconds if isinstance(error, BusyError) else 0
