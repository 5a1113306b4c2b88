"""Connections that do nothing, or do it slowly, as an attacker's do: raw sockets."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

CLOSED_WITHIN_SECONDS = 20
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
END_STREAM, END_HEADERS = 1, 4


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame of HTTP/2 (RFC 9113, section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def data(stream: int, payload: bytes) -> bytes:
    return frame(0, 0, stream, payload)


def post(stream: int, path: str, content_type: str, flags: int = END_HEADERS) -> bytes:
    """The head of a POST, in HPACK without compression."""
    pairs = ((0x44, path), (0x41, "service"), (0x5F, content_type))
    literals = b"".join(bytes([index, len(text)]) + text.encode() for index, text in pairs)
    return frame(1, flags, stream, b"\x83\x86" + literals)


HTTP2_HANDSHAKE = HTTP2_PREFACE + frame(4, 0, 0, b"")


@dataclass(frozen=True)
class Stranger:
    """What is sent at once, and what follows byte by byte."""

    start: bytes = b""
    drip: bytes = b""


def connect(port: int, stranger: Stranger) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(stranger.start)
    return connection


@contextmanager
def many(port: int, stranger: Stranger, count: int) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(connect(port, stranger))
        yield


def still_open(port: int, strangers: dict[str, Stranger]) -> set[str]:
    """The names of those that the service has not closed after CLOSED_WITHIN_SECONDS."""
    with ExitStack() as stack:
        connections = {name: stack.enter_context(connect(port, each)) for name, each in strangers.items()}
        deadline = time.monotonic() + CLOSED_WITHIN_SECONDS
        while connections and time.monotonic() < deadline:
            for name, connection in list(connections.items()):
                if _closed(connection, strangers[name].drip[:1]):
                    del connections[name]
            time.sleep(0.1)
        return set(connections)


def _closed(connection: socket.socket, drip: bytes) -> bool:
    try:
        connection.sendall(drip)
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(65536)
    except ConnectionError:
        return True
