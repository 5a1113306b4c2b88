"""A port is this process's alone."""

import socket


def check_free(host: str, port: int) -> None:
    """Raise OSError where another process listens; the servers would share the port with it, in silence."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
