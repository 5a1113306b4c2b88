"""Ports for servers of the tests."""

import secrets
import socket
from contextlib import suppress

# below those that systems give to outgoing connections, which may take a port before a server listens on it
PORTS = range(10_000, 32_768)


def listener() -> socket.socket:
    """Listens on a port that is free; a server can have the port once this is closed."""
    while True:
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", secrets.choice(PORTS)))
