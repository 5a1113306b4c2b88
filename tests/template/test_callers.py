"""A service and the issuer of its callers' tokens, as processes: the issuer comes, goes, and has new keys."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from shipsmith.template import location, presets

from ..support.services import environments, grpc_client, projects
from ..support.services.projects import Project, Service
from ..support.systems.processes import Process, free_port

ANSWERS = presets.load(location.root(), "minimal").answers | {"grpc": True, "auth": "jwt"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = projects.new(tmp_path_factory.mktemp("callers") / "orders", ANSWERS)
    environments.prepare(project)
    return project


def test_an_issuer_comes_goes_and_changes_its_keys(project: Project, tmp_path: Path) -> None:
    settings = {"AUTH__ISSUER": f"http://127.0.0.1:{free_port()}/realms/orders"}
    with alive(project, settings, tmp_path / "log") as service:
        assert not projects.ready(service.url)
        assert answers(service, "a.b.c") == (401, grpc.StatusCode.UNAUTHENTICATED)
        with projects.issuer(project, settings, tmp_path / "issuer") as token:
            service.process.wait_until(lambda: projects.ready(service.url), "the service's readiness")
            assert answers(service, token) == (200, grpc.StatusCode.OK)
        assert answers(service, token) == (200, grpc.StatusCode.OK)
        with projects.issuer(project, settings, tmp_path / "issuer") as new:
            assert answers(service, new) == (200, grpc.StatusCode.OK)
            assert answers(service, token) == (401, grpc.StatusCode.UNAUTHENTICATED)
        assert projects.ready(service.url)
        assert token not in service.process.log.read_text()


def answers(service: Service, token: str) -> tuple[int, grpc.StatusCode]:
    """To a caller with this token, over HTTP and over gRPC."""
    authorization = f"Bearer {token}"
    request = urllib.request.Request(f"{service.url}/v1/orders", headers={"Authorization": authorization})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    listing = grpc_client.describe(service.grpc_target, "orders.v1.OrderService").methods_by_name[
        "ListOrders"
    ]
    try:
        grpc_client.call(service.grpc_target, listing, {}, authorization=authorization)
    except grpc.RpcError as error:
        return status, error.code()
    return status, grpc.StatusCode.OK


@contextmanager
def alive(project: Project, settings: dict[str, str], log: Path) -> Iterator[Service]:
    """The service, which need not be ready."""
    ports = {"http": free_port(), "grpc": free_port()}
    addresses = {f"{name.upper()}__PORT": str(port) for name, port in ports.items()}
    environment = {f"ORDERS_{name}": value for name, value in (settings | addresses).items()}
    service = Service(Process(project.python("-m", "orders"), log, environment, project.folder), ports)
    try:
        service.process.wait_until(lambda: responds(service), "the service")
        yield service
    finally:
        service.process.stop()


def responds(service: Service) -> bool:
    try:
        for port in service.ports.values():
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
