"""The keys of the issuer, by which it signs tokens (RFC 7517)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..errors import UnavailableError
from ..logs import Seldom
from ..telemetry import Counter

LEAST_RSA_BITS = 2048
BURST = 10
AWAY = "the keys of the issuer cannot be had at present"
RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
# for keys that do not say for which algorithm they are; a shared secret (`oct`) is for none
FITTING: dict[tuple[object, object], frozenset[str]] = {
    ("RSA", None): RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}


RENEWALS = Counter(
    "auth_key_renewals_total", "Attempts to get the keys of the issuer", "result", ("renewed", "failed")
)


@dataclass(frozen=True, slots=True)
class Key:
    algorithms: frozenset[str]
    public: Any


Keys = Mapping[str, Key]
"""By their ids."""
Fetch = Callable[[], Awaitable[Keys]]


def read_keys(documents: object) -> dict[str, Key]:
    """The keys of a JWK set that can be used. Others may be there for other purposes."""
    keys: dict[str, Key] = {}
    for each in documents if isinstance(documents, list) else ():
        try:
            kid, key = each["kid"], _read(each)
        except (jwt.PyJWTError, LookupError, TypeError, ValueError):
            continue
        if key and isinstance(kid, str):
            keys.setdefault(kid, key)
    return keys


def _read(document: dict[str, Any]) -> Key | None:
    fitting = FITTING.get((document["kty"], document.get("crv")), frozenset())
    algorithms = fitting & {document["alg"]} if "alg" in document else fitting
    purpose = document.get("use", "sig") == "sig" and "verify" in document.get("key_ops", ["verify"])
    if not algorithms or not purpose or "d" in document:
        return None
    public = jwt.PyJWK(document, min(algorithms)).key
    if isinstance(public, RSAPublicKey) and public.key_size < LEAST_RSA_BITS:
        return None
    return Key(algorithms, public)


class KeyRing:
    """Keeps the keys, and renews them before somebody needs the new ones.

    An unknown key renews them, too, since the issuer may use it from now on. Anyone can name such keys, so
    this is done `BURST` times at most, and once more after each pause. While renewing fails, the keys stay.
    """

    def __init__(self, fetch: Fetch, renew_seconds: float, pause_seconds: float) -> None:
        self._fetch = fetch
        self._renew_seconds = renew_seconds
        self._pause_seconds = pause_seconds
        self._keys: Keys = {}
        self._fails = True
        self._renewing: asyncio.Task[None] | None = None
        self._due = 0.0
        self._log = Seldom()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew the keys in the background."""
        keeping = asyncio.create_task(self._keep(), name="keys")
        try:
            yield
        finally:
            tasks = {keeping, self._renewing or keeping}
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)

    async def check(self) -> None:
        if not self._keys:
            await self._renewed()
        if not self._keys:
            raise UnavailableError(AWAY)

    async def find(self, kid: str) -> Key | None:
        """The key of that id, if the issuer has it."""
        if kid not in self._keys and self._is_renewing():
            await self._renewed()  # this may have begun before the issuer had the key
        if kid not in self._keys and (self._is_renewing() or self._may_renew()):
            await self._renewed()
        if kid not in self._keys and self._fails:
            raise UnavailableError(AWAY)
        return self._keys.get(kid)

    def has(self, kid: str, key: Key) -> bool:
        """Whether the issuer still publishes this very key."""
        return self._keys.get(kid) is key

    async def _keep(self) -> None:
        while True:
            await self._renewed()
            await asyncio.sleep(self._pause_seconds if self._fails else self._renew_seconds)

    def _is_renewing(self) -> bool:
        return self._renewing is not None and not self._renewing.done()

    def _may_renew(self) -> bool:
        now = time.monotonic()
        due = max(self._due, now - (BURST - 1) * self._pause_seconds)
        if due > now:
            return False
        self._due = due + self._pause_seconds
        return True

    async def _renewed(self) -> None:
        """Once for all who wait for it."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())
        await asyncio.shield(self._renewing)

    async def _renew(self) -> None:
        try:
            found = await self._fetch()
        except Exception as error:
            self._fails = True
            RENEWALS.add(value="failed")
            self._log.warning("keys not renewed", exc_info=error)
            return
        kept = {kid: key for kid, key in self._keys.items() if found.get(kid) == key}
        self._keys = {**found, **kept}
        self._fails = False
        RENEWALS.add(value="renewed")
