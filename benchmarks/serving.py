"""Services under test as processes on a core of their own: installed as the image has them, started, called.

Processes take turns, and those that wait are stopped. The client and the servers have the other cores.
"""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from tests.support.services import projects
from tests.support.systems.packages import require

ROUNDS, SECONDS, STARTS = 5, 2, 7
CONNECTIONS = 32
SERVER_CORE, *OTHER_CORES = sorted(os.sched_getaffinity(0))
SHIPSMITH = (sys.executable, "-m", "shipsmith")
UV = Path(sys.executable).with_name("uv")
GET = "/orders.v1.OrderService/GetOrder"


@dataclass
class Measure:
    """What is measured, and of which process: rates per second, and microseconds of its processor."""

    name: str
    process: str
    path: str
    target: float = 0
    grpc: bool = False
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        return statistics.median(self.costs)


@dataclass
class Server:
    """A process, and how to call it: its ports, the path of an order, and what proves who calls."""

    process: subprocess.Popen[bytes]
    ports: Mapping[str, int]
    order: str = ""
    token: str = ""

    def measure(self, measure: Measure, folder: Path) -> None:
        """The process runs only meanwhile."""
        self.process.send_signal(signal.SIGCONT)
        before = processor_seconds(self.process)
        rate = self._grpc(folder) if measure.grpc else self._http(measure.path)
        used = processor_seconds(self.process) - before
        self.process.send_signal(signal.SIGSTOP)
        measure.rates.append(rate)
        measure.costs.append(used / (rate * SECONDS) * 1e6)

    def _http(self, path: str) -> float:
        url = f"http://127.0.0.1:{self.ports['http']}{path.format(order=self.order)}"
        wrk = [require("wrk", "wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
        output = run(*wrk, "-H", f"Authorization: Bearer {self.token}", url)
        assert "Non-2xx" not in output, output
        return number(r"Requests/sec:\s+([\d.]+)", output)

    def _grpc(self, folder: Path) -> float:
        address = f"127.0.0.1:{self.ports['grpc']}"
        request = (
            b"\x0a\x24" + (self.order.rpartition("/")[2] or "6f1c1d3e-58c5-4d0c-9a51-0d8f0f3c2f10").encode()
        )
        bearer = f"Bearer {self.token}"
        with grpc.insecure_channel(address) as channel:  # h2load does not look at the trailers
            method: Any = channel.unary_unary(GET)
            method(request, timeout=5, metadata=[("authorization", bearer)])
        body = folder / "request"
        body.write_bytes(b"\0" + len(request).to_bytes(4, "big") + request)
        h2load = [require("h2load", "nghttp2-client"), "-c8", f"-m{CONNECTIONS // 8}", f"-D{SECONDS}"]
        headers = ["content-type: application/grpc", "te: trailers", f"authorization: {bearer}"]
        options = [part for header in headers for part in ("-H", header)]
        output = run(*h2load, "-d", str(body), *options, f"http://{address}{GET}")
        assert " 0 failed, 0 errored" in output, output
        return number(r"([\d.]+) req/s", output)


def take_turns(measures: Sequence[Measure], running: Mapping[str, Server], folder: Path) -> None:
    """Measure each in every round. The first round warms up."""
    for number_of_round in range(ROUNDS + 1):
        for measure in measures:
            running[measure.process].measure(measure, folder)
            if not number_of_round:
                measure.rates.clear()
                measure.costs.clear()


def run(*command: str | Path, directory: Path | None = None, **variables: str) -> str:
    """What a command prints."""
    return projects.run(*command, directory=directory or Path.cwd(), environment=variables)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])


def install(folder: Path, *packages: str | Path) -> Path:
    """An environment as the image has it, with byte code; its Python."""
    python = folder / ".run/bin/python"
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / ".run")
    run(UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *packages)
    return python


def make(folder: Path, preset: str, options: Mapping[str, str]) -> Path:
    """A new repository, installed; its Python."""
    folder.mkdir()
    settings = [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
    run(*SHIPSMITH, "new", folder / "orders", "--preset", preset, "--defaults", *settings)
    python = install(folder, "--requirement", folder / "orders/requirements.lock")
    run(python, "-m", "compileall", "-q", folder / "orders/src")
    return python


@contextmanager
def started(
    command: Sequence[str | Path], variables: Mapping[str, str], url: str, core: int = SERVER_CORE
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A process on a core, and the seconds until its first answer."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command], env={**kept, **variables}, stdout=subprocess.DEVNULL
    )
    try:
        while not answers(url):
            assert process.poll() is None, command
            time.sleep(0.005)
        yield process, time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        if url.startswith("grpc:"):
            socket.create_connection(("127.0.0.1", int(url[5:]))).close()
        else:
            urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    return number(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()) / 1024


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_up(command: Sequence[str | Path], variables: Mapping[str, str], url: str) -> tuple[float, float]:
    """Seconds to the first 200, and MiB when idle: medians."""
    figures = []
    for _ in range(STARTS):
        with started(command, variables, url) as (process, seconds):
            time.sleep(1)
            figures.append((seconds, resident_mib(process)))
    seconds, memory = map(statistics.median, zip(*figures[1:], strict=True))
    return seconds, memory
