"""OpenTelemetry's Collector, with the parts that generated configurations use, built from its Go modules."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from shipsmith.git.locks import locked

from .packages import UnavailableError, find
from .processes import Process, converse, free_port

VERSION = "v0.148.0"
CORE, MORE = "go.opentelemetry.io/collector", "github.com/open-telemetry/opentelemetry-collector-contrib"
MODULES = {
    "receivers": [f"{CORE}/receiver/otlpreceiver"],
    "processors": [f"{CORE}/processor/batchprocessor", f"{CORE}/processor/memorylimiterprocessor"],
    "exporters": [f"{CORE}/exporter/debugexporter", f"{MORE}/exporter/zipkinexporter"],
}
# no page is at the root
QUESTION, ANSWER = b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 404"
PROGRAM = Path(__file__).parents[3] / "build" / "collector" / VERSION / "collector"


@contextmanager
def running(configuration: str, folder: Path) -> Iterator[str]:
    """A Collector that receives spans on another port than 4318. Yields its URL.

    Raises UnavailableError if it cannot be built.
    """
    program = _program()
    port = free_port()
    file = folder / "collector.yaml"
    file.write_text(configuration.replace("0.0.0.0:4318", f"127.0.0.1:{port}"))
    process = Process([str(program), f"--config={file}"], folder / "collector.log")
    try:
        process.wait_until(lambda: converse(port, QUESTION, ANSWER), "the Collector")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def _program() -> Path:
    """Built once, in some minutes, and kept for the next run."""
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    with locked(PROGRAM.parent):
        if not PROGRAM.exists():
            _build()
    return PROGRAM


def _build() -> None:
    go = find("go")
    if go is None:
        raise UnavailableError("go, which builds the Collector, is not on this machine")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parts = {kind: [{"gomod": f"{name} {VERSION}"} for name in names] for kind, names in MODULES.items()}
        plan = {"dist": {"name": "collector", "output_path": f"{folder}/out"}, **parts}
        (folder / "plan.yaml").write_text(yaml.safe_dump(plan))
        command = [go, "run", f"{CORE}/cmd/builder@{VERSION}", f"--config={folder}/plan.yaml"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if result.returncode != 0:
            raise UnavailableError(f"the Collector cannot be built: {result.stderr[-500:]}")
        shutil.copy(folder / "out" / "collector", PROGRAM)
