"""Servers beside another one, in containers that reach the other's through this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from . import started, unavailable

SCRIPTS = Path(__file__).parents[2] / "compose"
GATEWAY = "host.docker.internal"


@contextmanager
def container(
    image: str,
    port: int,
    environment: dict[str, str],
    ready: str,
    script: str,
    original: str,
) -> Iterator[str]:
    """Start it by a script of compose/, beside the server at the URL `original`, a container as well."""
    if original in os.environ.values():
        unavailable(f"what compose/{script} starts is needed beside the server that you name: name it, too")
    from testcontainers.core.container import DockerContainer

    address = urlsplit(original)
    host = GATEWAY if address.hostname in ("localhost", "127.0.0.1") else str(address.hostname)
    server = (
        DockerContainer(image)
        .with_exposed_ports(port)
        .with_envs(**environment, PRIMARY_HOST=host, PRIMARY_PORT=str(address.port))
        .with_volume_mapping(str(SCRIPTS), "/compose", "ro")
        .with_kwargs(entrypoint=["sh", f"/compose/{script}"], extra_hosts={GATEWAY: "host-gateway"})
    )
    with started(server, port, ready) as listening:
        yield listening
