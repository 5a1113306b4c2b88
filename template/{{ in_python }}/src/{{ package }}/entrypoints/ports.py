"""The addresses on which the servers listen. No port is shared with another process."""

import socket


class ListenError(OSError):
    """The service cannot listen where its settings say."""


def listen_address(host: str, port: int) -> str:
    """The IP address of a host in the settings, if the port is free there. Raises ListenError.

    Servers accept different forms of a host, and would silently share a port with another process.
    """
    wanted = None if host == "*" else host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(wanted, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # of several addresses, as localhost has them, the one that most callers try
        family, *_, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
        socket.create_server(address, family=family, dualstack_ipv6=both).close()
    except OSError as error:
        raise ListenError(error.errno, f"cannot listen on {host!r}, port {port}: {error.strerror}") from error
    return str(address[0])


def in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def own_address(host: str) -> str:
    """The address at which this machine reaches a server that listens on that host."""
    every_address = host == "*" or not host.strip("[]0.:")
    return "localhost" if every_address else host.removeprefix("[").removesuffix("]")
