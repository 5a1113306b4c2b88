"""Real servers for the tests: the one that an environment variable names, else one in a container."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

START_SECONDS = 60


@contextmanager
def container(
    image: str,
    port: int,
    environment: dict[str, str],
    ready: str,
    command: str = "",
) -> Iterator[str]:
    """Start `image`, wait until its log has `ready`, and give "host:port"; skip where there is no Docker."""
    if not _docker_answers():
        unavailable(f"{image} needs Docker")
    # not needed where servers are named, and slow to import
    from testcontainers.core.container import DockerContainer

    # some servers have to know where their clients find them
    host_port = _free_port()
    named = {name: value.format(port=host_port) for name, value in environment.items()}
    server = DockerContainer(image).with_bind_ports(port, host_port).with_envs(**named)
    if command:
        server = server.with_command(command)
    with started(server, port, ready) as address:
        yield address


@contextmanager
def started(server: "DockerContainer", port: int, ready: str) -> Iterator[str]:
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    logged = LogMessageWaitStrategy(ready).with_startup_timeout(START_SECONDS)
    with server.waiting_for(logged) as running:
        host, exposed = running.get_container_host_ip(), int(running.get_exposed_port(port))
        _wait_for_port(host, exposed)
        yield f"{host}:{exposed}"


def unavailable(reason: str) -> None:
    """Skip what needs the server; fail where STRICT=1 forbids skips."""
    if os.environ.get("STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _docker_answers() -> bool:
    command = ["docker", "info"]
    return bool(shutil.which("docker")) and not subprocess.run(command, capture_output=True).returncode


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for_port(host: str, port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {host}:{port}")
