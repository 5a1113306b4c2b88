"""What a generated service serves, beside bare FastAPI on uvicorn and a bare grpc.aio server, in one run.

Run it with `python -m benchmarks.service`. It takes about five minutes, and prints each part when it is
measured. Servers under test have one core; the client, PostgreSQL, Redis and RabbitMQ have the others.
Processes take turns for ROUNDS rounds, and those that wait are stopped. Ratios are medians over the rounds,
each to the bare server of its round. If other work uses the servers' core, look at their processor time: its
ratio is what a quiet machine shows.
"""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from tests.support.services import projects
from tests.support.services.needs import met
from tests.support.systems.packages import require

ROUNDS, SECONDS, STARTS = 5, 2, 7
SHIPSMITH = (sys.executable, "-m", "shipsmith")
UV = Path(sys.executable).with_name("uv")
SERVER_CORE, *OTHER_CORES = sorted(os.sched_getaffinity(0))
CONNECTIONS = 32
SETTINGS = {"postgresql": "DATABASE__URL", "redis": "CACHE__URL", "rabbitmq": "BROKER__URL"}
PORTS = {"http": 18080, "grpc": 18081, "metrics": 18082}
GET = "/orders.v1.OrderService/GetOrder"
ORDER = b'{"name": "Ada", "quantity": 3}'

BARE_HTTP = """
from fastapi import FastAPI
app = FastAPI()

@app.get("/orders/{order_id}")
async def get_order(order_id: str):
    return {"id": order_id, "version": 1, "name": "Ada", "quantity": 3}
"""
BARE_GRPC = """
import asyncio, sys, grpc, uvloop
from orders.v1 import orders_pb2 as pb, orders_pb2_grpc as rpc

class Servicer(rpc.OrderServiceServicer):
    async def GetOrder(self, request, context):
        fields = pb.OrderFields(name="Ada", quantity=3)
        return pb.GetOrderResponse(order=pb.Order(id=request.id, version=1, fields=fields))

async def main():
    server = grpc.aio.server()
    rpc.add_OrderServiceServicer_to_server(Servicer(), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    await server.start()
    await server.wait_for_termination()

uvloop.run(main())
"""


@dataclass
class Measure:
    """A row of the report: what is measured, and of which process."""

    name: str
    process: str
    path: str
    target: float
    grpc: bool = False
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """Processor time of a request, in microseconds."""

    def add(self, rate: float, cost: float) -> None:
        self.rates.append(rate)
        self.costs.append(cost)


MEASURES = [
    Measure("bare FastAPI on uvicorn", "bare", "/orders/1", 1),
    Measure("service: cached read", "service", "{order}", 0.65),
    Measure("full: cached read", "full", "{order}", 0.65),
    Measure("service: read from the database", "service, no cache", "{order}", 0.25),
    Measure("full: read from the database", "full, no cache", "{order}", 0.25),
    Measure("service: list of 20", "service", "/v1/orders?limit=20", 0.12),
    Measure("full: list of 20", "full", "/v1/orders?limit=20", 0.12),
    Measure("bare grpc.aio", "bare grpc", GET, 1, grpc=True),
    Measure("service: gRPC read", "service", GET, 0.80, grpc=True),
    Measure("full: gRPC read", "full", GET, 0.80, grpc=True),
]
START_TARGETS = {"service": (0.5, 90), "full": (0.65, 105)}


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    ports: Mapping[str, int]
    order: str = ""
    """The path of an order, if it keeps any."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    def measure(self, measure: Measure, folder: Path) -> tuple[float, float]:
        """Requests per second, and the processor time of one; the process runs only meanwhile."""
        self.process.send_signal(signal.SIGCONT)
        before = processor_seconds(self.process)
        rate = self._grpc(folder) if measure.grpc else self._http(measure.path)
        used = processor_seconds(self.process) - before
        self.process.send_signal(signal.SIGSTOP)
        return rate, used / (rate * SECONDS) * 1e6

    def _http(self, path: str) -> float:
        wrk = [require("wrk", "wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
        output = run(*wrk, self.url + path.format(order=self.order))
        assert "Non-2xx" not in output, output
        return number(r"Requests/sec:\s+([\d.]+)", output)

    def _grpc(self, folder: Path) -> float:
        address = f"127.0.0.1:{self.ports['grpc']}"
        request = (
            b"\x0a\x24" + (self.order.rpartition("/")[2] or "6f1c1d3e-58c5-4d0c-9a51-0d8f0f3c2f10").encode()
        )
        with grpc.insecure_channel(address) as channel:  # h2load does not look at the trailers
            method: Any = channel.unary_unary(GET)
            method(request, timeout=5)
        body = folder / "request"
        body.write_bytes(b"\0" + len(request).to_bytes(4, "big") + request)
        h2load = [
            require("h2load", "nghttp2-client"),
            "-c8",
            f"-m{CONNECTIONS // 8}",
            f"-D{SECONDS}",
            "-d",
            str(body),
        ]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        output = run(*h2load, *headers, f"http://{address}{GET}")
        assert " 0 failed, 0 errored" in output, output
        return number(r"([\d.]+) req/s", output)


def run(*command: str | Path, **variables: str) -> str:
    """What a command prints."""
    return projects.run(*command, directory=Path.cwd(), environment=variables)


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


def make(folder: Path, preset: str, *options: str) -> list[str]:
    """A new repository, installed; the command that starts the service."""
    folder.mkdir()
    settings = [part for option in options for part in ("--set", option)]
    run(*SHIPSMITH, "new", folder / "orders", "--preset", preset, "--defaults", *settings)
    python = install(folder, "--requirement", folder / "orders/requirements.lock")
    run(python, "-m", "compileall", "-q", folder / "orders/src")
    return [str(python), "-m", "orders"]


def environment(folder: Path, ports: Mapping[str, int], servers: Mapping[str, str]) -> dict[str, str]:
    variables = {f"ORDERS_{name.upper()}__PORT": str(port) for name, port in ports.items()}
    variables |= {
        f"ORDERS_{name}": servers[f"TEST_{server.upper()}_URL"]
        for server, name in SETTINGS.items()
        if (folder / f"orders/compose/{server}.yaml").exists()  # a service refuses settings of others
    }
    if not (folder / "orders/compose/postgresql.yaml").exists():
        variables["ORDERS_DATABASE__URL"] = f"sqlite+aiosqlite:///{folder}/data.db"
    return variables | {"PYTHONPATH": str(folder / "orders/src")}


@contextmanager
def started(
    command: list[str], variables: Mapping[str, str], url: str
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A process on the servers' core, and the seconds until its first answer."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), *command], env={**kept, **variables}, stdout=subprocess.DEVNULL
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


def fill(url: str) -> str:
    """Create 20 orders; the path of the last."""
    for _ in range(20):
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/orders", ORDER, headers)) as answer:
            location = str(answer.headers["Location"])
    return location


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    return number(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()) / 1024


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_up(command: list[str], variables: Mapping[str, str], url: str) -> tuple[float, float, float]:
    """Seconds to the first 200, those of the processor, and MiB when idle: medians."""
    figures = []
    for _ in range(STARTS):
        with started(command, variables, url) as (process, seconds):
            used = processor_seconds(process)
            time.sleep(1)
            figures.append((seconds, used, resident_mib(process)))
    seconds, used, memory = map(statistics.median, zip(*figures[1:], strict=True))
    return seconds, used, memory


def take_turns(measures: list[Measure], running: Mapping[str, Server], folder: Path) -> None:
    """Measure each in every round. The first round warms up."""
    for number_of_round in range(ROUNDS + 1):
        for measure in measures:
            figures = running[measure.process].measure(measure, folder)
            if number_of_round:
                measure.add(*figures)


def report(measures: list[Measure]) -> None:
    """The first of the measures is of the bare server."""
    print(f"{'':<36}{'per second':>12}{'ratio':>8}{'CPU':>10}{'ratio':>8}{'target':>8}")
    for measure in measures:
        bare = measures[0]
        rate, cost = statistics.median(measure.rates), statistics.median(measure.costs)
        ratio = statistics.median(mine / its for mine, its in zip(measure.rates, bare.rates, strict=True))
        share = statistics.median(its / mine for mine, its in zip(measure.costs, bare.costs, strict=True))
        missed = "  missed" if min(ratio, share) < measure.target else ""
        print(f"{measure.name:<36}{rate:>12,.0f}{ratio:>8.2f}", end="")
        print(f"{cost:>7,.0f} us{share:>8.2f}{measure.target:>8.2f}{missed}", flush=True)


def main() -> None:
    os.sched_setaffinity(0, OTHER_CORES)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        servers = stack.enter_context(met({"database": "postgresql", "cache": "redis", "broker": "rabbitmq"}))
        made = {
            "service": make(folder / "service", "service"),
            "full": make(folder / "full", "full", "rate_limit=none"),
            "service, no cache": make(folder / "service, no cache", "service", "cache=none"),
            "full, no cache": make(folder / "full, no cache", "full", "cache=none", "rate_limit=none"),
        }
        running: dict[str, Server] = {}
        for index, (label, command) in enumerate(made.items()):
            ports = {each: port + 10 * index for each, port in PORTS.items()}
            variables = environment(folder / label, ports, servers)
            run(*command, "migrate", **variables)
            url = f"http://127.0.0.1:{ports['http']}"
            if target := START_TARGETS.get(label):
                seconds, used, memory = start_up(command, variables, f"{url}/healthz")
                print(f"{label}: first 200 after {seconds:.2f} s, CPU {used:.2f} s (target {target[0]})")
                print(f"{label}: {memory:.0f} MiB when idle (target {target[1]})", flush=True)
            process, _ = stack.enter_context(started(command, variables, f"{url}/readyz"))
            running[label] = Server(process, ports, fill(url))
            process.send_signal(signal.SIGSTOP)
        (folder / "bare").mkdir()
        (folder / "bare/bare.py").write_text(BARE_HTTP)
        uvicorn = [str(install(folder / "bare", "fastapi", "uvicorn[standard]")), "-m", "uvicorn", "bare:app"]
        quiet = ["--no-access-log", "--log-level=warning"]
        serving = [*uvicorn, "--port=18070", *quiet, f"--app-dir={folder}/bare"]
        process, _ = stack.enter_context(started(serving, {}, "http://127.0.0.1:18070/docs"))
        running["bare"] = Server(process, {"http": 18070})
        serving = [made["full"][0], "-c", BARE_GRPC, "18071"]
        path = {"PYTHONPATH": str(folder / "full/orders/src")}
        process, _ = stack.enter_context(started(serving, path, "grpc:18071"))
        running["bare grpc"] = Server(process, {"grpc": 18071})
        for label in ("bare", "bare grpc"):
            running[label].process.send_signal(signal.SIGSTOP)
        for over_grpc in (False, True):
            measures = [each for each in MEASURES if each.grpc == over_grpc]
            take_turns(measures, running, folder)
            report(measures)


if __name__ == "__main__":
    main()
