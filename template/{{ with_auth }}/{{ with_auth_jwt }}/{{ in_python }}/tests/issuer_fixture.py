"""The stand-in for the issuer that processes of the service trust."""

from collections.abc import Iterator

import pytest

from .issuer_stand_in import EVERYTHING, StandIn, serving

trusted: list[StandIn] = []


@pytest.fixture(scope="session")
def issuer() -> Iterator[StandIn]:
    with serving() as issuer:
        trusted.append(issuer)
        yield issuer
        trusted.remove(issuer)


@pytest.fixture(scope="session")
def issuer_url(issuer: StandIn) -> str:
    return issuer.url


def authorization() -> dict[str, str]:
    """The header by which callers of these processes may do everything."""
    [issuer] = trusted
    return {"Authorization": f"Bearer {issuer.token(EVERYTHING)}"}
