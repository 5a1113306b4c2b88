"""Prometheus with a configuration of a generated repository."""

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import go
from .packages import require
from .processes import Process, converse, free_port

PACKAGE = "prometheus"
MODULE = "github.com/prometheus/prometheus@v0.308.0"
"""Of the version 3.8, which receives OTLP as 2.42, Debian's, does not."""


@dataclass(frozen=True)
class Prometheus:
    port: int

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has now."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/query?{query}", timeout=10
        ) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found


@contextmanager
def running(configuration: Path, folder: Path, target: str) -> Iterator[Prometheus]:
    """One that reads the metrics of `target` instead of the configured one, and does all each second."""
    program = require("prometheus", PACKAGE)
    with _running(program, configuration, folder, free_port(), {"app:9464": target}) as real:
        yield real


@contextmanager
def receiving(configuration: Path, folder: Path, port: int) -> Iterator[Prometheus]:
    """One that takes metrics by OTLP at `/api/v1/otlp`. Raises UnavailableError if it cannot be built."""
    program = go.built(MODULE, "prometheus", "-tags", "remove_all_sd")
    with _running(str(program), configuration, folder, port, {}, "--web.enable-otlp-receiver") as real:
        yield real


@contextmanager
def _running(
    program: str, configuration: Path, folder: Path, port: int, changes: dict[str, str], *arguments: str
) -> Iterator[Prometheus]:
    shutil.copytree(configuration, folder)
    file = folder / "prometheus.yml"
    changed = file.read_text()
    for old, new in changes.items():
        changed = changed.replace(old, new)
    often = "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n"
    file.write_text(often + changed.removeprefix("global:\n  scrape_interval: 5s\n"))
    place = [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    process = Process([program, f"--config.file={file}", *place, *arguments], folder / "log")
    try:
        process.wait_until(
            lambda: converse(port, b"GET /-/ready HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"), "Prometheus"
        )
        yield Prometheus(port)
    finally:
        process.stop()
