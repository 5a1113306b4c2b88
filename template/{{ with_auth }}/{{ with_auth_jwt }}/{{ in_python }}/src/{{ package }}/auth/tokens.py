"""Access tokens: JWTs that the issuer has signed for this service (RFC 9068 and RFC 8725)."""

import re
from typing import Any

import jwt

from .accepted import Accepted, AcceptedTokens
from .callers import Caller, UnauthenticatedError
from .keys import KeyRing
from .settings import TokenSettings

LONGEST_TOKEN = 8192
LONGEST_NAME = 256
"""Of a key's id and of a subject."""
COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
TYPES = {None, "jwt", "at+jwt", "application/at+jwt"}
# tokens of other kinds, such as those of a logout, have other types
REQUIRED = ["iss", "aud", "exp", "sub"]
TIMES = ("exp", "nbf", "iat")

REASONS: dict[type[Exception], str] = {
    jwt.InvalidSignatureError: "signature",
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not_yet_valid",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidIssuerError: "issuer",
}
# what malformed JSON and numbers raise
MALFORMED = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


class Tokens:
    """Of a token's header, only the algorithm and the key's id count, and both are only looked up."""

    def __init__(self, settings: TokenSettings, keys: KeyRing) -> None:
        self._settings = settings
        self._keys = keys
        self._accepted = AcceptedTokens()
        self.check = keys.check

    async def identify(self, token: str | None) -> Caller:
        if token is None:
            raise UnauthenticatedError("missing")
        known = self._accepted.find(token)
        if known is None or not self._keys.has(known.kid, known.key):
            known = await self._check(token)
            self._accepted.keep(token, known)
        return known.caller

    async def _check(self, token: str) -> Accepted:
        algorithm, kid = _header(token)
        if algorithm not in self._settings.algorithms:
            raise UnauthenticatedError("algorithm")
        key = await self._keys.find(kid)
        if key is None:
            raise UnauthenticatedError("unknown_key")
        if algorithm not in key.algorithms:
            raise UnauthenticatedError("algorithm")
        claims = self._claims(token, key.public, algorithm)
        until = int(claims["exp"]) + self._settings.leeway_seconds
        return Accepted(_caller(claims), kid, key, until)

    def _claims(self, token: str, key: Any, algorithm: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_seconds,
                options={"require": REQUIRED},
            )
        except MALFORMED as error:
            raise UnauthenticatedError(REASONS.get(type(error), "claims")) from None
        return claims


def _header(token: str) -> tuple[str, str]:
    """The algorithm and the id of the key that a token names."""
    if len(token) > LONGEST_TOKEN or not COMPACT.fullmatch(token):
        raise UnauthenticatedError("malformed")
    try:
        header = jwt.get_unverified_header(token)
    except MALFORMED:
        raise UnauthenticatedError("malformed") from None
    kind, algorithm, kid = header.get("typ"), header.get("alg"), header.get("kid")
    known = kind is None or (isinstance(kind, str) and kind.lower() in TYPES)
    if "crit" in header or not known or not isinstance(algorithm, str) or not _is_name(kid):
        raise UnauthenticatedError("malformed")
    return algorithm, str(kid)


def _caller(claims: dict[str, Any]) -> Caller:
    times = [claims[name] for name in TIMES if name in claims]
    if not _is_name(claims["sub"]) or not all(type(each) in (int, float) for each in times):
        raise UnauthenticatedError("claims")
    return Caller(claims["sub"], _scopes(claims))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    given = claims.get("scope", claims.get("scp"))
    words = given.split() if isinstance(given, str) else given if isinstance(given, list) else None
    return frozenset(each for each in words or () if isinstance(each, str))
