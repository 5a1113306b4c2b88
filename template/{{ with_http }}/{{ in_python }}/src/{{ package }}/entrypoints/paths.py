"""Answers to unknown paths and methods, and paths below a proxy's root path."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import refused


def add_path_handlers(app: FastAPI) -> None:
    app.add_exception_handler(HTTPStatus.NOT_FOUND, _not_found)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _not_allowed)


async def _not_found(request: Request, error: Exception) -> Response:
    """Redirect from a path with a trailing slash, by a relative reference.

    Only the caller knows the scheme, host and path of a proxy.
    """
    bare = request.scope["path"].removesuffix("/")
    if bare == request.scope["path"] or not _methods(request, bare):
        return await refused(request, error)
    query = f"?{request.url.query}" if request.url.query else ""
    location = f"../{quote(bare.rpartition('/')[2])}{query}"
    return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": location})


async def _not_allowed(request: Request, error: Exception) -> Response:
    answer = await refused(request, error)
    if request.method == "OPTIONS":
        answer = Response(status_code=HTTPStatus.NO_CONTENT)
    answer.headers["Allow"] = ", ".join(sorted(_methods(request, request.scope["path"])))
    return answer


def _methods(request: Request, path: str) -> set[str]:
    """The methods of all routes with that path. Empty if there is none."""
    scope = {**request.scope, "path": path}
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(scope)[0] != Match.NONE and isinstance(route, Route):
            methods |= route.methods or set()
    return methods | ({"HEAD", "OPTIONS"} if "GET" in methods else {"OPTIONS"}) if methods else methods


class RootPath:
    """For a proxy that serves all paths below a root path, which links in answers then include."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_location(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [self._below(*header) for header in message["headers"]]
            await send(message)

        scope["root_path"] = self._root_path.decode()
        await self._app(scope, receive, send_location)

    def _below(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        return name, self._root_path + value if name == b"location" and value.startswith(b"/") else value
