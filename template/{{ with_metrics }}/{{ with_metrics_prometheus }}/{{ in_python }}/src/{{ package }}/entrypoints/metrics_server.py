"""Prometheus metrics, on a port of their own: callers of the service need not see them."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from socketserver import ThreadingMixIn
from threading import Lock
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from ..application import Application
from ..lifecycle import Task
from ..metrics import MetricsSettings
from ..settings import Settings
from .ports import listen_address


@asynccontextmanager
async def run(_application: Application, settings: Settings) -> AsyncIterator[Task]:
    with create_server(settings.metrics) as server:
        serving = asyncio.create_task(asyncio.to_thread(server.serve_forever), name="metrics server")
        try:
            yield serving
        finally:
            server.shutdown()
            await serving


def create_server(settings: MetricsSettings) -> WSGIServer:
    address = listen_address(settings.host, settings.port)

    class Server(_Server):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        limits = settings

    return make_server(address, settings.port, make_wsgi_app(), Server, _SilentHandler)


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each scrape, as prometheus-client's own server has it, bounded in number and time."""

    daemon_threads = True
    request_queue_size = 128  # the default of 5 makes connecting take seconds while strangers do the same
    limits: MetricsSettings

    def __init__(self, *arguments: Any) -> None:
        self._lock = Lock()
        self._opened: dict[socket.socket, float] = {}
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._opened) >= self.limits.max_connections:
                self._end(next(iter(self._opened)))
            self._opened[request] = time.monotonic()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Called between two requests, and while there are none."""
        super().service_actions()
        oldest = time.monotonic() - self.limits.max_seconds
        with self._lock:
            for request in [request for request, opened in self._opened.items() if opened < oldest]:
                self._end(request)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._opened.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Only connections that break arrive here; what fails while answering is printed before."""

    def _end(self, request: socket.socket) -> None:
        del self._opened[request]
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Scrapes are not logged."""
