"""Sends log lines as datagrams, in a thread of its own: no request waits for that.

https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

import gzip
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import structlog
from pydantic import AnyUrl, BaseModel, Field, UrlConstraints

from ..telemetry import Counter

# what fits into a packet in most networks, and into the header of a chunk
DATAGRAM_BYTES, HEADER_BYTES, MAX_CHUNKS = 1420, 12, 128
CHUNK_BYTES = DATAGRAM_BYTES - HEADER_BYTES
MAX_LINE_BYTES = MAX_CHUNKS * CHUNK_BYTES
MAX_WAITING_BYTES = 4 * 2**20
GATHER_SECONDS = 0.05
# a name is looked up again in case that it has moved, and once in so many seconds while nobody answers
CONNECTED_SECONDS = 5
SEND_SECONDS = 1
REPORT_SECONDS = 10

LOST = Counter("log_lines_lost_total", "Log lines that were not sent; standard output has them")

log = structlog.get_logger()


class LoggingSettings(BaseModel):
    url: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["udp"], host_required=True)] = Field(
        AnyUrl("udp://localhost:12201"),
        description="of an input for GELF",
    )


def datagrams(line: bytes) -> list[bytes]:
    """The line as one datagram; a long one is compressed, and comes in chunks if that is not enough."""
    if len(line) > DATAGRAM_BYTES:
        line = min(gzip.compress(line, 1), line, key=len)
    if len(line) <= DATAGRAM_BYTES:
        return [line]
    parts = [line[start : start + CHUNK_BYTES] for start in range(0, len(line), CHUNK_BYTES)]
    common = b"\x1e\x0f" + os.urandom(8)
    return [common + bytes((number, len(parts))) + part for number, part in enumerate(parts)]


class Server:
    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._socket: socket.socket | None = None
        self._due = 0.0

    def send(self, line: bytes) -> int:
        """Send a line. Returns the number of lines of which it is now known that they did not arrive.

        Raises OSError if this one was not sent.
        """
        connected = self._connected()
        parts = datagrams(line)
        with suppress(ConnectionRefusedError):
            _send(connected, parts)
            return 0
        # the host has refused the line before; there may be a server by now
        _send(connected, parts)
        return 1

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None

    def _connected(self) -> socket.socket:
        if time.monotonic() >= self._due:
            self.close()
            self._due = time.monotonic() + CONNECTED_SECONDS
            self._socket = _connect(*self._address)
        if self._socket is None:
            raise ConnectionError("no address")
        return self._socket


def _connect(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    connected = socket.socket(family, kind, protocol)
    connected.settimeout(SEND_SECONDS)
    connected.connect(address)
    return connected


def _send(connected: socket.socket, parts: list[bytes]) -> None:
    for part in parts:
        connected.send(part)


class Report:
    """What was lost since the last line that said so."""

    def __init__(self) -> None:
        self.due = 0.0
        self._count = 0
        self._reason = ""

    def add(self, count: int, reason: str) -> None:
        if count:
            LOST.add(count)
            self._count += count
            self._reason = reason

    def write(self) -> None:
        if self._count:
            log.warning("log lines lost", count=self._count, error=self._reason)
            self.due, self._count = time.monotonic() + REPORT_SECONDS, 0


class Sender:
    """Takes lines from all threads, and sends them from one. What finds no room is lost, and counted."""

    def __init__(self) -> None:
        # what the garbage collector finds may be logged while this very thread holds the lock
        self._lock = threading.RLock()
        self._lines: list[bytes] = []
        self._size = 0
        self._full = 0
        self._thread: threading.Thread | None = None

    def send(self, _logger: object, _method: str, line: Any) -> Any:
        """A processor: the line also goes on to standard output."""
        # what this thread itself logs would be lost, too
        if self._thread and threading.current_thread() is not self._thread:
            with self._lock:
                if self._size + len(line) <= MAX_WAITING_BYTES:
                    self._lines.append(line)
                    self._size += len(line)
                else:
                    self._full += 1
        return line

    @contextmanager
    def sending(self, settings: LoggingSettings) -> Iterator[None]:
        """Send what is logged in the context. At its end, the last lines are sent."""
        server = Server((settings.url.host or "").strip("[]"), settings.url.port or 12201)
        ended = threading.Event()
        thread = threading.Thread(target=self._run, args=(server, ended), name="log lines", daemon=True)
        self._thread = thread
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(SEND_SECONDS)
            self._thread = None

    def _run(self, server: Server, ended: threading.Event) -> None:
        report = Report()
        while not ended.wait(GATHER_SECONDS):
            self._send_all(server, report)
            if time.monotonic() >= report.due:
                report.write()
        self._send_all(server, report)
        report.write()
        server.close()

    def _send_all(self, server: Server, report: Report) -> None:
        with self._lock:
            lines, self._lines, self._size = self._lines, [], 0
            full, self._full = self._full, 0
        report.add(full, "too many lines")
        for line in lines:
            try:
                report.add(server.send(line), "refused")
            except (OSError, UnicodeError) as error:  # no valid name, among others
                report.add(1, repr(error))


SENDER = Sender()
sending = SENDER.sending
