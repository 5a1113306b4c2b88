"""Calls of another service over HTTP: on connections that are kept, and within limits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from pydantic import TypeAdapter, ValidationError
from yarl import URL

from ..errors import TimedOutError, UnavailableError
from ..operations import Operation
from .calls import Calls, ids
from .http_errors import UnexpectedAnswerError, error_of
from .http_request import Request
from .settings import Callee

Answer = TypeVar("Answer")

HTTP_CALL = Operation()
"""With the method and the path's template, and the service's `url`; then also the answer's `status`."""

LONGEST_ANSWER = 8 * 1024 * 1024
CHUNK = 64 * 1024
ADDRESS_SECONDS = 10
"""How long the addresses behind a name are used before they are looked up again."""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint(Generic[Answer]):
    """An operation of the service's document."""

    name: str
    method: str
    path: str
    answers: Mapping[int, TypeAdapter[Any] | None]
    """The content of each success, if it has any, by its status, or by the first digit of it."""
    body: TypeAdapter[Any] | None = None
    media_type: str = "application/json"
    repeatable: bool = False
    credential: str = ""
    """The header by which the service wants to know who calls."""


class Service(Protocol):
    """What clients need. Tests have an implementation without a connection."""

    async def call(self, endpoint: Endpoint[Answer], request: Request) -> Answer: ...


class HttpService:
    def __init__(self, callee: Callee, session: ClientSession) -> None:
        self._callee = callee
        self._session = session
        self._calls = Calls(callee)

    async def call(self, endpoint: Endpoint[Answer], request: Request) -> Answer:
        """Raises UnavailableError if the service does not answer, and RemoteError for other errors."""
        url = URL(self._callee.url.rstrip("/") + request.target(endpoint.path), encoded=True)
        headers = {"Accept": "application/json", **request.fields(), **self._credential(endpoint)}
        content = None
        if endpoint.body and request.body is not None:
            content = endpoint.body.dump_json(request.body, by_alias=True, exclude_unset=True)
            headers["Content-Type"] = endpoint.media_type
        return await self._calls.call(
            endpoint.name,
            lambda seconds: self._attempt(endpoint, url, headers, content, seconds),
            repeatable=endpoint.repeatable,
        )

    async def _attempt(
        self,
        endpoint: Endpoint[Answer],
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
    ) -> Answer:
        about = {"url": self._callee.url}
        try:
            async with asyncio.timeout(seconds):
                with HTTP_CALL(f"{endpoint.method} {endpoint.path}", about):
                    async with self._session.request(
                        endpoint.method,
                        url,
                        headers={**headers, **ids()},
                        data=body,
                        allow_redirects=False,
                    ) as response:
                        about["status"] = str(response.status)
                        content = await self._content(response)
                        answer: Answer = self._understood(endpoint, response, content)
                        return answer
        except TimeoutError:
            raise TimedOutError(f"{self._callee.name} has not answered in time") from None
        except (ClientError, OSError) as error:
            raise UnavailableError(f"{self._callee.name} is not available at present") from error

    def _understood(self, endpoint: Endpoint[Answer], response: ClientResponse, content: bytes) -> Any:
        status = response.status
        answers = endpoint.answers
        key = status if status in answers else status // 100
        if key not in answers:
            raise error_of(self._callee.name, status, response.headers, content)
        adapter = answers[key]
        if adapter is None:
            return None
        try:
            return adapter.validate_json(content)
        except ValidationError:  # which has the values in it
            raise UnexpectedAnswerError(self._callee.name, status, "what its document excludes") from None

    async def _content(self, response: ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK):
            content += chunk
            if len(content) > LONGEST_ANSWER:
                raise UnexpectedAnswerError(self._callee.name, response.status, "too long a body")
        return bytes(content)

    def _credential(self, endpoint: Endpoint[Any]) -> dict[str, str]:
        token = self._callee.token.get_secret_value()
        if not token or not endpoint.credential:
            return {}
        return {endpoint.credential: f"Bearer {token}" if endpoint.credential == "Authorization" else token}


@asynccontextmanager
async def connect_http(callee: Callee) -> AsyncIterator[HttpService]:
    """Connects with the first call. Cookies are not kept: they would be those of all callers."""
    connector = TCPConnector(limit=callee.max_in_flight, ttl_dns_cache=ADDRESS_SECONDS)
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None),
    ) as session:
        yield HttpService(callee, session)
