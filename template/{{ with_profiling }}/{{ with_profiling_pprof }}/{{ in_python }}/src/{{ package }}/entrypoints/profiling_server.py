"""Profiles, on a port of their own that is not for callers of the service.

Its threads answer also while something blocks the event loop, which is when a profile helps most.
"""

import asyncio
import hmac
import math
import select
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from socketserver import ThreadingTCPServer
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..application import Application
from ..lifecycle import Task
from ..profiling.pprof import encoded
from ..profiling.sampler import interruptible, take
from ..profiling.settings import ProfilingSettings
from ..settings import Settings
from .ports import listen_address

PATH = "/debug/pprof/profile"
DEFAULT_SECONDS = 30.0  # as in Go


@asynccontextmanager
async def run(_application: Application, settings: Settings) -> AsyncIterator[Task]:
    with interruptible(), create_server(settings.profiling) as server:
        serving = asyncio.create_task(asyncio.to_thread(server.serve_forever), name="profiling server")
        try:
            yield serving
        finally:
            server.stopping.set()
            server.shutdown()
            await serving


class ProfilingServer(ThreadingTCPServer):
    """One thread for each request, limited in number and time until it has asked."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, settings: ProfilingSettings) -> None:
        self.settings = settings
        self.open_to_all = ip_address(address).is_loopback and not settings.token.get_secret_value()
        self.stopping = Event()
        self.taking = Lock()
        self.until = 0.0
        self._lock = Lock()
        self._silent: dict[socket.socket, float] = {}
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, settings.port), _Handler)

    def asked(self, request: socket.socket) -> None:
        with self._lock:
            self._silent.pop(request, None)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._silent) >= self.settings.max_connections:
                self._end(next(iter(self._silent)))
            self._silent[request] = time.monotonic()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Called between requests and while there are none."""
        super().service_actions()
        oldest = time.monotonic() - self.settings.head_seconds
        with self._lock:
            for request in [request for request, opened in self._silent.items() if opened < oldest]:
                self._end(request)

    def shutdown_request(self, request: Any) -> None:
        self.asked(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Only broken connections end here."""

    def _end(self, request: socket.socket) -> None:
        del self._silent[request]
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)


def create_server(settings: ProfilingSettings) -> ProfilingServer:
    return ProfilingServer(listen_address(settings.host, settings.port), settings)


class _Handler(BaseHTTPRequestHandler):
    server: ProfilingServer

    def do_GET(self) -> None:
        self.server.asked(self.connection)
        if self._gone():  # its head may be half of one
            return
        if refusal := self._refusal():
            self._answer(refusal[0], f"{refusal[1]}\n".encode(), refusal[2])
            return
        seconds = self._seconds()
        if seconds is None:
            limit = f"seconds: use a number above 0, and {self.server.settings.max_seconds:g} at most"
            self._answer(HTTPStatus.BAD_REQUEST, f"{limit}\n".encode())
            return
        if not self.server.taking.acquire(blocking=False):
            wait = max(1, math.ceil(self.server.until - time.monotonic()))
            busy = b"another profile is being taken\n"
            self._answer(HTTPStatus.TOO_MANY_REQUESTS, busy, {"Retry-After": str(wait)})
            return
        try:
            self.server.until = time.monotonic() + seconds
            profile = take(seconds, self.server.settings.hertz, self._ended)
        finally:
            self.server.taking.release()
        if profile is None:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"the service is ending\n")
        else:
            name = {"Content-Disposition": 'attachment; filename="profile.pb.gz"'}
            self._answer(HTTPStatus.OK, encoded(profile), name, "application/octet-stream")

    def _refusal(self) -> tuple[HTTPStatus, str, dict[str, str]] | None:
        token = self.server.settings.token.get_secret_value()
        given = self.headers.get("Authorization", "")
        if not token and not self.server.open_to_all:
            return HTTPStatus.FORBIDDEN, "set PROFILING__TOKEN to take profiles from other machines", {}
        if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return HTTPStatus.UNAUTHORIZED, "send the token", {"WWW-Authenticate": "Bearer"}
        if urlsplit(self.path).path != PATH:
            return HTTPStatus.NOT_FOUND, f"there is only {PATH}", {}
        return None

    def _seconds(self) -> float | None:
        """How long the caller wants it to take; None if that cannot be."""
        limit = self.server.settings.max_seconds
        given = parse_qs(urlsplit(self.path).query, keep_blank_values=True).get("seconds")
        try:
            seconds = float(given[-1]) if given else min(DEFAULT_SECONDS, limit)
        except ValueError:
            return None
        return seconds if 0 < seconds <= limit else None

    def _ended(self, seconds: float) -> bool:
        """Wait; whether the service ends or the caller has gone."""
        return self.server.stopping.wait(seconds) or self._gone()

    def _gone(self) -> bool:
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _answer(
        self,
        status: HTTPStatus,
        body: bytes,
        headers: dict[str, str] | None = None,
        content_type: str = "text/plain; charset=utf-8",
    ) -> None:
        self.send_response_only(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Requests for profiles are not logged."""
