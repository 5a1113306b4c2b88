"""Who may keep answers, and for how long (RFC 9111). Lists and dates in conditional requests (RFC 9110)."""

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..entity import now
from .etags import matches

# Dates have whole seconds. Another change within the same second would have the same date, or an earlier
# one if the clocks of two replicas differ.
DATE_AFTER = dt.timedelta(seconds=60)

VARY = (b"vary", b"Authorization")
# what of an answer has no meaning without its body
OF_BODIES = {b"content-length", b"content-type"}


@dataclass(frozen=True)
class Caching:
    scope: Literal["public", "private", "no-store"]
    seconds: int = 0
    """How long a copy may be used without asking whether it is current."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        return _headers(self.scope, self.seconds, int(time.time()) if self.seconds else 0)


@lru_cache
def _headers(scope: str, seconds: int, at: int) -> list[tuple[bytes, bytes]]:
    if scope == "no-store":
        return [(b"cache-control", b"no-store")]
    lifetime = f"max-age={seconds}" if seconds else "no-cache"
    expires = _date(at + seconds) if seconds else "0"
    return [(b"cache-control", f"{scope}, {lifetime}".encode()), (b"expires", expires.encode()), VARY]


@lru_cache
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


NO_STORE = Caching("no-store")


def public(seconds: int) -> Caching:
    """Proxies may keep answers as well, except those to callers who say who they are."""
    return Caching("public", seconds)


def private(seconds: int) -> Caching:
    """Only callers may keep answers."""
    return Caching("private", seconds)


def last_modified(updated_at: dt.datetime) -> dict[str, str]:
    if now() - updated_at < DATE_AFTER:
        return {}
    return {"Last-Modified": _date(int(updated_at.timestamp()))}


class HttpCaching:
    """Keeps the start of an answer back until its body is known, which is then perhaps not sent."""

    def __init__(self, app: ASGIApp, rules: Mapping[str, Caching]) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        start: Message | None = None

        async def send_later(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start:
                message = self._complete(start, message, scope)
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, send_later)

    def _complete(self, start: Message, body: Message, scope: Scope) -> Message:
        """Add the headers to `start`. Returns the body, which is empty if the caller's copy is current."""
        asked = dict(scope["headers"])
        start["headers"] += self._rule(start["status"], asked, scope).headers()
        found = scope["method"] == "GET" and start["status"] == HTTPStatus.OK
        if found and _is_current(start, body, asked):
            start["status"] = HTTPStatus.NOT_MODIFIED
            start["headers"] = [each for each in start["headers"] if each[0] not in OF_BODIES]
            body = {**body, "body": b""}
        return body

    def _rule(self, status: int, asked: Mapping[bytes, bytes], scope: Scope) -> Caching:
        if scope["method"] != "GET" or status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            return NO_STORE
        [resource, *_] = getattr(scope.get("route"), "tags", None) or [None]
        rule = self._rules.get(resource, NO_STORE)
        return private(rule.seconds) if rule.scope == "public" and b"authorization" in asked else rule


def _is_current(start: Message, body: Message, asked: Mapping[bytes, bytes]) -> bool:
    """Whether the caller has this answer. Lists get an entity tag, which their bytes decide."""
    headers, if_none_match = dict(start["headers"]), asked.get(b"if-none-match")
    if b"etag" not in headers and not body.get("more_body"):
        tag = blake2b(body["body"], digest_size=16).hexdigest()
        start["headers"].append((b"etag", f'"{tag}"'.encode()))
        return if_none_match is not None and matches(if_none_match.decode("latin-1"), tag)
    return if_none_match is None and _is_older(headers.get(b"last-modified"), asked.get(b"if-modified-since"))


def _is_older(changed: bytes | None, since: bytes | None) -> bool:
    if changed is None or since is None:
        return False
    try:
        return parsedate_to_datetime(changed.decode()) <= parsedate_to_datetime(since.decode("latin-1"))
    except (TypeError, ValueError):  # no date, or one without a time zone
        return False
