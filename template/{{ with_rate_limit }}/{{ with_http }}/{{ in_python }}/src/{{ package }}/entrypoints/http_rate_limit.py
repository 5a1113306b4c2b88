"""The rate limit over HTTP: 429, and headers that say what is left.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..rate_limiting.buckets import SECOND, Buckets
from ..rate_limiting.requests import UNKNOWN, decide, network
from .probes import PROBES
from .problems import PROBLEM, problem

POLICY = "default"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"

RESPONSE: dict[str, Any] = {
    **PROBLEM["4XX"],
    "description": "The client has sent too many requests to this route",
    "headers": {
        "Retry-After": {
            "description": "the seconds to wait",
            "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
        },
    },
}


def add_rate_limit(app: FastAPI, routes: Sequence[APIRoute], buckets: Buckets) -> None:
    app.add_middleware(RateLimit, routes=routes, buckets=buckets)
    for route in routes:
        route.responses = {**route.responses, int(HTTPStatus.TOO_MANY_REQUESTS): RESPONSE}


def client_key(scope: Scope) -> str:
    """The caller's address, as trusted proxies name it."""
    return network(scope["client"][0])


class RateLimit:
    def __init__(self, app: ASGIApp, routes: Sequence[APIRoute], buckets: Buckets) -> None:
        self._app = app
        self._routes = Routes(routes)
        self._buckets = buckets
        limit = buckets.limit
        policy = f'"{POLICY}";q={limit.burst};w={ceil(limit.fill / SECOND)}'
        self._policy = (b"ratelimit-policy", policy.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS" or scope["path"] in PROBES:
            return await self._app(scope, receive, send)
        route = self._routes.find(scope)
        name = f"{scope['method']} {route.path}" if route else UNKNOWN
        decision = await decide(self._buckets, client_key(scope), name)
        seconds = ceil(decision.next_seconds)
        state = (b"ratelimit", f'"{POLICY}";r={decision.remaining};t={seconds}'.encode())

        async def send_with_limit(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._policy, state]
            await send(message)

        if decision.allowed:
            return await self._app(scope, receive, send_with_limit)
        scope["route"] = route
        answer = problem(
            Request(scope),
            HTTPStatus.TOO_MANY_REQUESTS,
            f"too many requests; wait for {seconds} s",
            type=QUOTA_EXCEEDED,
            **{"violated-policies": [POLICY]},
        )
        answer.headers["Retry-After"] = str(seconds)
        await answer(scope, receive, send_with_limit)


class Routes:
    """Finds a route by one regular expression for all. The router would try one after the other."""

    def __init__(self, routes: Sequence[APIRoute]) -> None:
        self._routes = {
            (each.path_regex.pattern, method): each for each in routes for method in each.methods or ()
        }
        self._patterns = list(dict.fromkeys(pattern for pattern, _ in self._routes))
        unnamed = (re.sub(r"\(\?P<\w+>", "(?:", each) for each in self._patterns)
        self._any = re.compile("|".join(f"({each})" for each in unnamed))

    def find(self, scope: Scope) -> APIRoute | None:
        """None for paths and methods that do not exist."""
        found = self._any.match(scope["path"].removeprefix(scope.get("root_path", "")))
        if not found or not found.lastindex:
            return None
        return self._routes.get((self._patterns[found.lastindex - 1], scope["method"]))
