"""A service whose callers have tokens of a real Keycloak, which has keys and claims of its own."""

import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from shipsmith.template import location, presets

from ..support.services import environments, projects
from ..support.services.projects import Service
from ..support.systems import keycloak
from ..support.systems.servers import Recipe, Server
from .test_callers import alive, answers

pytestmark = pytest.mark.long

ANSWERS = presets.load(location.root(), "minimal").answers | {"grpc": True, "auth": "jwt"}
AUDIENCE, SCOPES = "orders", ("orders:read", "orders:write")
RSA_KEYS = "org.keycloak.keys.KeyProvider"
ALLOWED = (200, grpc.StatusCode.OK)
FORBIDDEN = (403, grpc.StatusCode.PERMISSION_DENIED)
UNKNOWN = (401, grpc.StatusCode.UNAUTHENTICATED)


class Issuer:
    """A realm of its own, with a client for each set of scopes."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self.url = f"{self._base}/realms/shop"
        mapper = {
            "name": "audience",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            "config": {"included.custom.audience": AUDIENCE, "access.token.claim": "true"},
        }
        scopes: list[dict[str, Any]] = [
            {"name": each, "attributes": {"include.in.token.scope": "true"}} for each in SCOPES
        ]
        scopes.append({"name": "audience", "protocolMappers": [mapper]})
        clients = {"reader": [SCOPES[0], "audience"], "writer": [SCOPES[1], "audience"], "other": [*SCOPES]}
        self._administer(
            "/admin/realms",
            {
                "realm": "shop",
                "enabled": True,
                "clientScopes": [{"protocol": "openid-connect", **each} for each in scopes],
                "clients": [
                    {
                        "clientId": name,
                        "secret": name,
                        "serviceAccountsEnabled": True,
                        "defaultClientScopes": ["basic", *granted],
                    }
                    for name, granted in clients.items()
                ],
            },
        )

    def token(self, client: str) -> str:
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": client}
        return self._token("shop", form)

    def rotate(self) -> None:
        """From now on, it signs with a new key, and publishes the old one as well."""
        config = {"priority": ["200"], "algorithm": ["RS256"]}
        key = {"name": "new", "providerId": "rsa-generated", "providerType": RSA_KEYS, "config": config}
        self._administer("/admin/realms/shop/components", key)

    def _administer(self, path: str, body: dict[str, Any]) -> None:
        name, password = keycloak.ADMINISTRATOR
        form = {"grant_type": "password", "client_id": "admin-cli", "username": name, "password": password}
        headers = {
            "Authorization": f"Bearer {self._token('master', form)}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(self._base + path, json.dumps(body).encode(), headers)
        urllib.request.urlopen(request, timeout=60).close()

    def _token(self, realm: str, form: dict[str, str]) -> str:
        url = f"{self._base}/realms/{realm}/protocol/openid-connect/token"
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=60) as response:
            return str(json.load(response)["access_token"])


@pytest.fixture(scope="module")
def issuer(module_server: Callable[[Recipe], Server]) -> Issuer:
    return Issuer(module_server(keycloak.KEYCLOAK).port)


@pytest.fixture(scope="module")
def service(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("issuers")
    project = projects.new(folder / "orders", ANSWERS)
    environments.prepare(project)
    with alive(project, {"AUTH__ISSUER": issuer.url, "AUTH__AUDIENCE": AUDIENCE}, folder / "log") as found:
        found.process.wait_until(lambda: projects.ready(found.url), "the service's readiness")
        yield found


@pytest.mark.parametrize(
    ("client", "expected"), [("reader", ALLOWED), ("writer", FORBIDDEN), ("other", UNKNOWN)]
)
def test_scopes_and_audiences_decide(
    issuer: Issuer, service: Service, client: str, expected: tuple[int, grpc.StatusCode]
) -> None:
    assert answers(service, issuer.token(client)) == expected


def test_keys_can_be_rotated_without_a_failed_request(issuer: Issuer, service: Service) -> None:
    before = issuer.token("reader")
    found: list[tuple[int, grpc.StatusCode]] = []
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            found.append(answers(service, issuer.token("reader")))

    calling = [threading.Thread(target=call) for _ in range(4)]
    for each in calling:
        each.start()
    try:
        issuer.rotate()
        after = issuer.token("reader")
        assert _key_of(after) != _key_of(before)
        found += [answers(service, after), answers(service, before)]
    finally:
        over.set()
        for each in calling:
            each.join()
    assert len(found) > len(calling)
    assert set(found) == {ALLOWED}


def _key_of(token: str) -> str:
    """What a token names as its key: the beginning of its header differs."""
    return token.partition(".")[0]
