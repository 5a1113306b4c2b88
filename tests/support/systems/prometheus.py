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

from .packages import require
from .processes import Process, converse, free_port

PACKAGE = "prometheus"


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
    shutil.copytree(configuration, folder)
    file = folder / "prometheus.yml"
    changed = file.read_text().replace("app:9464", target)
    often = "scrape_interval: 1s\n  evaluation_interval: 1s"
    changed = changed.replace("scrape_interval: 5s", often)
    file.write_text(changed)
    port = free_port()
    place = [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    process = Process([require("prometheus", PACKAGE), f"--config.file={file}", *place], folder / "log")
    try:
        process.wait_until(
            lambda: converse(port, b"GET /-/ready HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"), "Prometheus"
        )
        yield Prometheus(port)
    finally:
        process.stop()
