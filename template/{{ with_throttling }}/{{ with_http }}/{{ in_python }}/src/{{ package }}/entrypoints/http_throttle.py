"""The adaptive limit over HTTP: 503 for what would only wait. Probes are not limited."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ..throttling.adaptive_limit import AdaptiveLimit, ShedError
from .probes import PROBES
from .problems import problem

RETRY_SECONDS = 1


class Throttle:
    def __init__(self, app: ASGIApp, limit: AdaptiveLimit) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            return await self._app(scope, receive, send)
        try:
            began = self._limit.enter()
        except ShedError as error:
            answer = problem(Request(scope), HTTPStatus.SERVICE_UNAVAILABLE, str(error))
            answer.headers["Retry-After"] = str(RETRY_SECONDS)
            return await answer(scope, receive, send)
        try:
            await self._app(scope, receive, send)
        finally:
            self._limit.leave(began)
