"""What a real cache between callers and a generated service keeps, and what it does not."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPMethod

import pytest

from ..support.services import projects
from ..support.services.projects import Project
from ..support.systems import nginx
from ..support.systems.packages import UnavailableError

SECONDS = 2
"""How long the proxy may keep answers about orders. It may keep none about customers."""
ANSWERS = {
    "service_name": "shop",
    "http_caching": True,
    "grpc": False,
    "cache": "none",
    "metrics": "none",
    "deploy": "none",
    "ci": "none",
    "resources": {"order": {"name": "str"}, "customer": {"name": "str"}},
}


Asked = tuple[str, dict[str, str]]
"""A URL, and the headers of a request."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def kept(self) -> str:
        """What the proxy did: HIT, MISS, EXPIRED, REVALIDATED."""
        return self.headers["X-Cache"]

    @property
    def name(self) -> str:
        return str(json.loads(self.body)["name"])


def ask(
    method: HTTPMethod, url: str, headers: Mapping[str, str] | None = None, fields: object = None
) -> Answer:
    given = {"Content-Type": "application/json", **(headers or {})}
    body = None if fields is None else json.dumps(fields).encode()
    request = urllib.request.Request(url, body, given, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    return ask(HTTPMethod.GET, url, headers)


def create(proxy: str, resource: str) -> str:
    """The URL of a new one."""
    answer = ask(HTTPMethod.POST, f"{proxy}/v1/{resource}", fields={"name": "old"})
    assert answer.status == 201, answer.body
    return proxy + answer.headers["Location"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The rule for orders is changed as the README says."""
    project = projects.new(tmp_path_factory.mktemp("caching") / "shop", ANSWERS)
    rule = project.folder / "src/shop/orders/caching.py"
    rule.write_text(rule.read_text().replace("private(seconds=0)", f"public(seconds={SECONDS})"))
    rule.write_text(rule.read_text().replace("import private", "import public"))
    project.make("setup")
    return project


@pytest.fixture(scope="module")
def proxy(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("proxy")
    with projects.running(project, {}, folder / "service.log") as service:
        try:
            with nginx.caching(service.url, folder) as url:
                yield url
        except UnavailableError as error:
            pytest.skip(str(error))


def test_the_second_caller_is_answered_by_the_proxy(proxy: str) -> None:
    for url in (create(proxy, "orders"), f"{proxy}/v1/orders?limit=7"):
        first, second = get(url), get(url)
        assert (first.kept, second.kept) == ("MISS", "HIT")
        assert (first.status, first.body) == (second.status, second.body)
        assert first.headers["ETag"] == second.headers["ETag"]


def test_a_change_is_seen_within_the_seconds_of_the_rule(proxy: str) -> None:
    order = create(proxy, "orders")
    assert [get(order).kept for _ in range(2)] == ["MISS", "HIT"]
    kept = time.monotonic()
    assert ask(HTTPMethod.PUT, order, fields={"name": "new"}).status == 200
    while (answer := get(order)).kept == "HIT":
        assert answer.name == "old"
        # NGINX counts whole seconds
        assert time.monotonic() - kept < SECONDS + 1.5
        time.sleep(0.05)
    assert (answer.kept, answer.name) == ("EXPIRED", "new")


def test_a_copy_that_is_still_current_is_kept_for_as_long_again(proxy: str) -> None:
    order = create(proxy, "orders")
    assert get(order).kept == "MISS"
    time.sleep(SECONDS + 1.5)
    assert [get(order).kept for _ in range(2)] == ["REVALIDATED", "HIT"]


def test_a_caller_with_a_current_copy_gets_no_body_from_the_proxy(proxy: str) -> None:
    for url in (create(proxy, "orders"), f"{proxy}/v1/orders?limit=3"):
        copy = {"If-None-Match": get(url).headers["ETag"]}
        answer = get(url, copy)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["ETag"] == copy["If-None-Match"]


def test_a_change_of_an_old_version_is_refused_through_the_proxy(proxy: str) -> None:
    order = create(proxy, "orders")
    version = {"If-Match": get(order).headers["ETag"]}
    assert ask(HTTPMethod.PUT, order, version, {"name": "new"}).status == 200
    assert ask(HTTPMethod.PUT, order, version, {"name": "newer"}).status == 412
    assert ask(HTTPMethod.DELETE, order, version).status == 412


def test_the_proxy_keeps_nothing_that_is_private(proxy: str) -> None:
    caller = {"Authorization": "Bearer token"}
    private: list[Asked] = [(create(proxy, "customers"), {}), (f"{proxy}/v1/customers", {})]
    known: list[Asked] = [(create(proxy, "orders"), caller), (f"{proxy}/v1/orders?limit=9", caller)]
    for url, headers in private + known:
        answers = [get(url, headers) for _ in range(3)]
        assert [(each.status, each.kept) for each in answers] == [(200, "MISS")] * 3
        # nor does anybody else get it from there
        assert get(url).kept == "MISS"


def test_the_proxy_keeps_no_errors(proxy: str) -> None:
    for path in ("/v1/orders/6f1c1d3e-58c5-4d0c-9a51-0d8f0f3c2f10", "/v1/orders?limit=0", "/nowhere"):
        answers = [get(proxy + path) for _ in range(2)]
        assert [each.kept for each in answers] == ["MISS", "MISS"], path
        assert {each.status for each in answers} <= {404, 422}
