"""Jaeger with a configuration of a generated repository, built from its Go module."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import go
from .processes import Process, converse, free_port

MODULE = "github.com/jaegertracing/jaeger@v1.76.0"
"""Of the version 2.13, the last one with a tag that modules may have. Its pages are not part of it."""
PORTS = {"spans": "4318", "query": "16686", "health": "13133"}


@dataclass(frozen=True)
class Jaeger:
    url: str
    query: int

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans that it has of a trace, each with the `service` that made it."""
        try:
            url = f"http://127.0.0.1:{self.query}/api/traces/{trace_id}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                [found] = json.load(answer)["data"]
        except urllib.error.HTTPError:
            return []
        services = {name: each["serviceName"] for name, each in found["processes"].items()}
        return [span | {"service": services[span["processID"]]} for span in found["spans"]]


@contextmanager
def running(configuration: Path, folder: Path) -> Iterator[Jaeger]:
    """One that listens on other ports. Raises UnavailableError if it cannot be built."""
    program = go.built(MODULE, "jaeger")
    text, ports = configuration.read_text(), {name: free_port() for name in PORTS}
    for name, port in PORTS.items():
        assert f"0.0.0.0:{port}" in text
        text = text.replace(f"0.0.0.0:{port}", f"127.0.0.1:{ports[name]}")
    file = folder / "jaeger.yaml"
    # the port of the pages for gRPC, which nobody asks
    changes = f"yaml:extensions::jaeger_query::grpc::endpoint: 127.0.0.1:{free_port()}"
    file.write_text(text)
    arguments = [f"--config={file}", f"--config={changes}"]
    # of itself, it would send spans to another port
    environment = {"OTEL_TRACES_SAMPLER": "always_off"}
    process = Process([str(program), *arguments], folder / "jaeger.log", environment)
    try:
        question, answer = b"GET /status HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"
        process.wait_until(lambda: converse(ports["health"], question, answer), "Jaeger")
        yield Jaeger(f"http://127.0.0.1:{ports['spans']}", ports["query"])
    finally:
        process.stop()
