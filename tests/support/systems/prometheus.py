"""Prometheus with a configuration of a generated repository."""

import json
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shipsmith.git.locks import locked

from .packages import UnavailableError, find, require
from .processes import Process, converse, free_port

PACKAGE = "prometheus"
MODULE = "github.com/prometheus/prometheus@v0.308.0"
"""Of the version 3.8, which receives OTLP as 2.42, Debian's, does not."""
PROGRAM = Path(__file__).parents[3] / "build" / "prometheus" / MODULE.partition("@")[2] / "prometheus"


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
    with _running(_built(), configuration, folder, port, {}, "--web.enable-otlp-receiver") as real:
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


def _built() -> str:
    """Built once, in some minutes, and kept for the next run."""
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    with locked(PROGRAM.parent):
        if not PROGRAM.exists():
            _build()
    return str(PROGRAM)


def _build() -> None:
    go = find("go")
    if go is None:
        raise UnavailableError("go, which builds Prometheus, is not on this machine")
    with tempfile.TemporaryDirectory() as temporary:
        # its go.mod excludes versions, so that it can only be built as the main module
        told = subprocess.run([go, "mod", "download", "-json", MODULE], cwd=temporary, capture_output=True)
        if told.returncode != 0:
            raise UnavailableError(f"Prometheus cannot be had: {told.stderr.decode()[-500:]}")
        source = Path(temporary) / "source"
        # what the cache holds is read-only, which a copy of contents alone is not
        shutil.copytree(json.loads(told.stdout)["Dir"], source, copy_function=shutil.copyfile)
        for path in (source, *source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        command = [go, "build", "-tags", "remove_all_sd", "-o", str(PROGRAM), "./cmd/prometheus"]
        result = subprocess.run(command, cwd=source, capture_output=True, text=True)
        if result.returncode != 0:
            raise UnavailableError(f"Prometheus cannot be built: {result.stderr[-500:]}")
