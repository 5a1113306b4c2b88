"""Callers over HTTP: 401 for those who are not known, 403 for what they may not do (RFC 6750).

Probes need no token, and neither does the documentation, which holds nothing but the contract: browsers send
none when they open a page. Paths that do not exist do need one.
"""

from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ..auth.callers import Callers, ForbiddenError, UnauthenticatedError, bearer
from ..auth.policy import allow, scope_of
from ..errors import UnavailableError
from .probes import PROBES
from .problems import PROBLEM, problem
from .security_headers import PAGES

OPEN = PROBES | PAGES | {"/openapi.json"}

CHALLENGE = "WWW-Authenticate"
SCHEME = "token"
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        **PROBLEM["4XX"],
        "description": description,
        "headers": {CHALLENGE: {"description": "what is missing (RFC 6750)", "schema": {"type": "string"}}},
    }
    for status, description in {
        401: "There is no valid access token",
        403: "The access token does not have the scope",
    }.items()
}


def add_authentication(app: FastAPI, routes: Sequence[APIRoute], callers: Callers) -> None:
    for route in routes:
        if route.path not in PROBES:
            scope = scope_of(str(route.tags[0]), "GET" in (route.methods or ()))
            route.app = _scoped(route.app, scope)
            route.responses = {**route.responses, **RESPONSES}
            route.openapi_extra = {**(route.openapi_extra or {}), "security": [{SCHEME: [scope]}]}
    app.add_middleware(Authentication, callers=callers)
    _describe(app)


class Authentication:
    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in OPEN:
            return await self._app(scope, receive, send)
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        try:
            scope["caller"] = await self._callers.identify(bearer(sent))
        except UnauthenticatedError as error:
            answer = problem(Request(scope), HTTPStatus.UNAUTHORIZED, str(error))
            answer.headers[CHALLENGE] = "Bearer"
            if not error.missing:
                answer.headers[CHALLENGE] += f' error="invalid_token", error_description="{error}"'
        except UnavailableError as error:
            answer = problem(Request(scope), HTTPStatus.SERVICE_UNAVAILABLE, str(error))
            answer.headers["Retry-After"] = "1"
        else:
            return await self._app(scope, receive, send)
        await answer(scope, receive, send)


def _scoped(app: ASGIApp, needed: str) -> ASGIApp:
    """The route for callers with the scope."""

    async def scoped(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            allow(scope["caller"], needed)
        except ForbiddenError as error:
            challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
            raise HTTPException(HTTPStatus.FORBIDDEN, str(error), {CHALLENGE: challenge}) from None
        await app(scope, receive, send)

    return scoped


def _describe(app: FastAPI) -> None:
    """Add the security scheme to the OpenAPI document."""
    generate = app.openapi

    @cache
    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents
