"""The issuer of access tokens, which publishes its keys (OpenID Connect Discovery 1.0)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession
from pydantic import Field

from ..auth.callers import Callers
from ..auth.keys import Key, KeyRing, read_keys
from ..auth.settings import TokenSettings
from ..auth.tokens import Tokens
from ..errors import UnavailableError

DISCOVERY = "/.well-known/openid-configuration"
LONGEST_DOCUMENT = 256 * 1024
CHUNK = 16 * 1024


class AuthSettings(TokenSettings):
    timeout_seconds: float = Field(3, gt=0, description="to get the keys of the issuer")


class Issuer:
    def __init__(self, session: ClientSession, settings: AuthSettings) -> None:
        self._session = session
        self._url = settings.issuer
        self._timeout_seconds = settings.timeout_seconds

    async def keys(self) -> dict[str, Key]:
        """Those that it publishes now."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                keys = read_keys((await self._get(await self._address())).get("keys"))
        except (ClientError, OSError, ValueError) as error:
            raise UnavailableError("the issuer does not answer as it should") from error
        if not keys:
            raise UnavailableError("the issuer has no key that can be used")
        return keys

    async def _address(self) -> str:
        """Of its keys."""
        found = await self._get(self._url.rstrip("/") + DISCOVERY)
        if found.get("issuer") != self._url:
            raise UnavailableError("the issuer has another name in its discovery document")
        address = found.get("jwks_uri")
        schemes = ("https://",) if self._url.startswith("https://") else ("https://", "http://")
        if not isinstance(address, str) or not address.startswith(schemes):
            raise UnavailableError("the issuer does not say where its keys are")
        return address

    async def _get(self, url: str) -> dict[str, Any]:
        body = bytearray()
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise UnavailableError(f"the issuer answers {answer.status}")
            async for chunk in answer.content.iter_chunked(CHUNK):
                body += chunk
                if len(body) > LONGEST_DOCUMENT:
                    raise UnavailableError("the issuer's document is too long")
        document = orjson.loads(body)
        if not isinstance(document, dict):
            raise UnavailableError("the issuer's document is not an object")
        return document


@asynccontextmanager
async def connect_callers(settings: AuthSettings) -> AsyncIterator[Callers]:
    async with ClientSession() as session:
        keys = KeyRing(Issuer(session, settings).keys, settings.renew_seconds, settings.pause_seconds)
        async with keys.kept():
            yield Tokens(settings, keys)
