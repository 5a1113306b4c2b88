"""Tokens of writes in HTTP: a header of the answer, which may be sent with later reads."""

from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..replication.read_after import NAME, reading_after
from ..replication.tokens import MALFORMED, is_token
from .problems import problem

HEADER = NAME.encode()
# what a cache has kept does not answer a read with a token
VARY = (b"vary", HEADER)

OF_READS = {
    "name": NAME,
    "in": "header",
    "description": "the token of a write, which this read then sees",
    "schema": {"type": "string"},
}
OF_WRITES = {
    NAME: {"description": "a read to which it is sent sees this write", "schema": {"type": "string"}},
}


def add_read_after(app: FastAPI) -> None:
    app.add_middleware(ReadAfter)
    generate = app.openapi

    @cache
    def openapi() -> dict[str, Any]:
        document = generate()
        for path in document["paths"].values():
            for method, operation in path.items():
                _describe(method, operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _describe(method: str, operation: dict[str, Any]) -> None:
    if method == "get":
        operation["parameters"] = [*operation.get("parameters", ()), OF_READS]
        return
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer["headers"] = answer.get("headers", {}) | OF_WRITES


class ReadAfter:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        token = next((value.decode("latin-1") for name, value in scope["headers"] if name == HEADER), None)
        if not is_token(token):
            refusal = problem(Request(scope), HTTPStatus.BAD_REQUEST, MALFORMED)
            return await refusal(scope, receive, send)
        with reading_after(token) as call:

            async def send_with_token(message: Message) -> None:
                if message["type"] == "http.response.start":
                    written = [(HEADER, call.written.encode())] if call.written else []
                    message["headers"] = [*message["headers"], VARY, *written]
                await send(message)

            await self._app(scope, receive, send_with_token)
