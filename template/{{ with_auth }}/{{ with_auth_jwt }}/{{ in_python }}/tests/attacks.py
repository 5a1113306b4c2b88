"""Tokens that nobody may use, by what is wrong with them."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .issuer_stand_in import EVERYTHING, StandIn

HOUR = 3600
HEADERS = [[""], ["Bearer"], ["Basic {}"], ["{}"], ["Bearer {0} {0}"], ["Bearer {}"] * 2]
"""Values of `Authorization` in which a good token does not count."""


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(issuer: StandIn, algorithm: str, signature: str = "") -> str:
    header = {"alg": algorithm, "kid": issuer.current}
    parts = [encoded(json.dumps(each).encode()) for each in (header, issuer.claims(EVERYTHING))]
    return ".".join([*parts, signature])


def with_claims(**claims: Any) -> Callable[[StandIn], str]:
    return lambda issuer: issuer.token(EVERYTHING, **claims)


def with_header(**header: Any) -> Callable[[StandIn], str]:
    return lambda issuer: issuer.sign(issuer.claims(EVERYTHING), **header)


def at(**seconds: float) -> Callable[[StandIn], str]:
    """With times so many seconds from now."""

    def sign(issuer: StandIn) -> str:
        times = {name: int(time.time() + each) for name, each in seconds.items()}
        return issuer.token(EVERYTHING, **times)

    return sign


def foreign(**header: Any) -> Callable[[StandIn], str]:
    """Signed by a key of the attacker."""

    def sign(issuer: StandIn) -> str:
        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        headers = {"kid": issuer.current, **header}
        return jwt.encode(issuer.claims(EVERYTHING), own, "RS256", headers=headers)

    return sign


def confused(issuer: StandIn) -> str:
    """The public key as a shared secret."""
    public = issuer.keys[issuer.current].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    start = unsigned(issuer, "HS256").rpartition(".")[0]
    signer = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{start}.{encoded(signer.sign(start.encode(), secret))}"


def changed(issuer: StandIn) -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{encoded(json.dumps(issuer.claims(EVERYTHING)).encode())}.{signature}"


def cut(issuer: StandIn) -> str:
    return issuer.token(EVERYTHING)[:-8]


def nested(issuer: StandIn) -> str:
    return f"{encoded(b'[' * 3000)}.{encoded(b'{}')}.{encoded(b'signature')}"


ATTACKS: dict[str, Callable[[StandIn], str]] = {
    "no algorithm": lambda issuer: unsigned(issuer, "none"),
    "no algorithm, in other letters": lambda issuer: unsigned(issuer, "nOnE", "AAAA"),
    "no signature": lambda issuer: unsigned(issuer, "RS256"),
    "a public key as a secret": confused,
    "a foreign signature": foreign(),
    "a foreign key by jwk": foreign(jwk={"kty": "oct", "k": "AAAA"}),
    "a foreign key by jku": foreign(jku="http://127.0.0.1:1/keys"),
    "a foreign key by x5u": foreign(x5u="http://127.0.0.1:1/certificate"),
    "a changed claim": changed,
    "a signature cut short": cut,
    "an algorithm that the key does not have": with_header(algorithm="PS256"),
    "an algorithm that is not allowed": with_header(algorithm="RS512"),
    "an unknown key": foreign(kid="unknown"),
    "a key that is a path": foreign(kid="../../dev/null"),
    "a key that is a statement": foreign(kid="' UNION SELECT 'secret"),
    "an empty key": foreign(kid=""),
    "a very long key": foreign(kid="k" * 300),
    "a critical header": with_header(crit=["exp"]),
    "another type": with_header(typ="logout+jwt"),
    "another audience": with_claims(aud="another"),
    "no audience": with_claims(aud=None),
    "another issuer": with_claims(iss="https://example.com"),
    "no issuer": with_claims(iss=None),
    "expired": at(exp=-HOUR),
    "no end": with_claims(exp=None),
    "an end that is text": with_claims(exp="9999999999"),
    "an end that is infinite": with_claims(exp=float("inf")),
    "not valid yet": at(nbf=HOUR),
    "of the future": at(iat=HOUR),
    "no subject": with_claims(sub=None),
    "an empty subject": with_claims(sub=""),
    "a subject that is a number": with_claims(sub=7),
    "too long": with_claims(more="x" * 9000),
    "nested too deep": nested,
    "not a token": lambda _issuer: "token",
    "empty parts": lambda _issuer: "..",
    "five parts": lambda issuer: issuer.token(EVERYTHING) + ".a.b",
    "not base64": lambda issuer: issuer.token(EVERYTHING).replace(".", ".!", 1),
}
