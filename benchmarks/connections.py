"""What callers notice while others hold 1,000 idle and 200 slow connections.

Run it with `python benchmarks/connections.py`. It makes the preset `service`, starts it with its default
settings, and measures probes, reads and writes, with and without the attack, on each port. Each probe opens a
connection of its own; calls share one for each client, opened during the attack.
"""

import asyncio
import itertools
import multiprocessing
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import grpc.aio

IDLE, SLOW = 1000, 200
CLIENTS, CALLS, PROBES = 4, 500, 200
TIMEOUT_SECONDS = 5
# where nothing is answered, a few attempts tell
MAX_FAILURES = 3
SETTLE_SECONDS = 15


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HANDSHAKE = PREFACE + frame(4, 0, 0, b"")
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: orders\r\n\r\n"
HALF_HEAD = b"GET /v1/orders HTTP/1.1\r\nHost: "
HALF_BODY = b"POST /v1/orders HTTP/1.1\r\nHost: orders\r\nContent-Length: 60000\r\n\r\n"
METHOD = b"/orders.v1.OrderService/GetOrder"
# HPACK without compression: POST, http, path and content type
CALL = b"\x83\x86\x44" + bytes([len(METHOD)]) + METHOD + b"\x5f\x10application/grpc"
HALF_CALL = HANDSHAKE + frame(1, 4, 1, CALL)

IDLE_KINDS = {
    "http": [b"", b"P", REQUEST, HANDSHAKE],
    "grpc": [b"", b"P", PREFACE, HANDSHAKE],
}
# what is sent at once, and what follows byte by byte
SLOW_KINDS = {
    "http": [(HALF_HEAD, b"a"), (HALF_BODY, b"[")],
    "grpc": [(HALF_CALL, b""), (b"", PREFACE)],
}


@dataclass
class Figures:
    """Seconds of each call that was answered, and how many were not."""

    seconds: list[float] = field(default_factory=list)
    failures: int = 0

    def __str__(self) -> str:
        if len(self.seconds) < 2:
            return f"{'-':>12}{'-':>12}{self.failures:>8}"
        percentiles = statistics.quantiles(self.seconds, n=100)
        return f"{percentiles[49] * 1000:9.1f} ms{percentiles[98] * 1000:9.1f} ms{self.failures:>8}"


def make_service(project: Path) -> None:
    new = [sys.executable, "-m", "shipsmith", "new", str(project), "--preset", "service", "--defaults"]
    subprocess.run(new, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["make", "-C", str(project), "setup"], check=True, capture_output=True)
    migrate = [str(project / ".venv/bin/python"), "-m", "orders", "migrate"]
    subprocess.run(migrate, cwd=project, check=True)


@contextmanager
def running_service(project: Path) -> Iterator[tuple[int, dict[str, int]]]:
    """The process's id and its ports."""
    with ExitStack() as stack:
        held = {
            name: stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            for name in ("http", "grpc", "metrics")
        }
        ports = {name: listener.getsockname()[1] for name, listener in held.items()}
    environment = os.environ | {f"ORDERS_{name.upper()}__PORT": str(port) for name, port in ports.items()}
    python = [str(project / ".venv/bin/python"), "-m"]
    check = [*python, "orders.healthcheck"]
    with subprocess.Popen(
        [*python, "orders"], cwd=project, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            while subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
                time.sleep(0.2)
            yield process.pid, ports
        finally:
            process.terminate()


def attack(port: int, idle: list[bytes], slow: list[tuple[bytes, bytes]]) -> None:
    """Hold the connections for ever; those that the service closes are opened again within a second."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kinds = [(start, b"") for start in itertools.islice(itertools.cycle(idle), IDLE)]
    kinds += itertools.islice(itertools.cycle(slow), SLOW)
    connections: dict[int, socket.socket] = {}
    while True:
        for number, (start, drip) in enumerate(kinds):
            try:
                if number not in connections:
                    connections[number] = _connect(port, start)
                elif drip:
                    connections[number].send(drip[:1])
                with suppress(BlockingIOError):
                    if not connections[number].recv(65536):
                        raise ConnectionResetError
            except OSError:
                if number in connections:
                    connections.pop(number).close()
        time.sleep(1)


def _connect(port: int, start: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=0.1)
    connection.send(start)
    connection.setblocking(False)
    return connection


@contextmanager
def attacked(port: int, kind: str) -> Iterator[None]:
    process = multiprocessing.Process(target=attack, args=(port, IDLE_KINDS[kind], SLOW_KINDS[kind]))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


async def repeat(call: Callable[[], Awaitable[object]], times: int, figures: Figures) -> None:
    for _ in range(times):
        started = time.perf_counter()
        try:
            await asyncio.wait_for(call(), TIMEOUT_SECONDS)
            figures.seconds.append(time.perf_counter() - started)
        except (aiohttp.ClientError, grpc.RpcError, OSError, TimeoutError):
            figures.failures += 1
        if figures.failures >= MAX_FAILURES and not figures.seconds:
            return


async def measure_http(port: int) -> dict[str, Figures]:
    url = f"http://127.0.0.1:{port}"
    figures = {name: Figures() for name in ("probe", "read", "write")}

    async def probe() -> None:
        async with aiohttp.request("GET", f"{url}/healthz", raise_for_status=True) as answer:
            await answer.read()

    async def caller() -> None:
        path = "/v1/orders"

        async def write() -> None:
            nonlocal path
            async with session.post(f"{url}/v1/orders", json={"name": "Ada", "quantity": 3}) as answer:
                answer.raise_for_status()
                path = answer.headers["Location"]

        async def read() -> None:
            async with session.get(url + path, raise_for_status=True) as answer:
                await answer.read()

        async with aiohttp.ClientSession() as session:
            await repeat(write, CALLS // 5, figures["write"])
            await repeat(read, CALLS, figures["read"])

    await asyncio.gather(repeat(probe, PROBES, figures["probe"]), *(caller() for _ in range(CLIENTS)))
    return figures


async def measure_grpc(port: int) -> dict[str, Figures]:
    target = f"127.0.0.1:{port}"
    # a channel for each caller and each probe
    options = [("grpc.use_local_subchannel_pool", 1)]
    figures = {name: Figures() for name in ("probe", "read", "write")}

    def method(channel: grpc.aio.Channel, name: str) -> Any:
        return channel.unary_unary(name)

    async def probe() -> None:
        async with grpc.aio.insecure_channel(target, options) as channel:
            await method(channel, "/grpc.health.v1.Health/Check")(b"", timeout=TIMEOUT_SECONDS)

    async def caller() -> None:
        async with grpc.aio.insecure_channel(target, options) as channel:
            request = b""

            async def write() -> None:
                nonlocal request
                # {fields: {name: "Ada", quantity: 3}}; the answer is {order: {id: …}}
                create = method(channel, "/orders.v1.OrderService/CreateOrder")
                answer = await create(b"\x0a\x07\x0a\x03Ada\x10\x03", timeout=TIMEOUT_SECONDS)
                request = answer[2:40]

            async def read() -> None:
                await method(channel, METHOD.decode())(request, timeout=TIMEOUT_SECONDS)

            await repeat(write, CALLS // 5, figures["write"])
            await repeat(read, CALLS, figures["read"])

    await asyncio.gather(repeat(probe, PROBES, figures["probe"]), *(caller() for _ in range(CLIENTS)))
    return figures


def resident_mib(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def report(title: str, figures: dict[str, Figures], process: int) -> None:
    descriptors = len(os.listdir(f"/proc/{process}/fd"))
    print(f"{title}: {resident_mib(process):.0f} MiB, {descriptors} file descriptors")
    for name, each in figures.items():
        print(f"    {name:<8}{each}")


def main() -> None:
    print(f"{IDLE} idle and {SLOW} slow connections; median, p99, calls that failed")
    measure = {"http": measure_http, "grpc": measure_grpc}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "orders"
        make_service(project)
        for kind in measure:
            with running_service(project) as (process, ports):
                asyncio.run(measure[kind](ports[kind]))
                report(f"{kind}, quiet", asyncio.run(measure[kind](ports[kind])), process)
                with attacked(ports[kind], kind):
                    time.sleep(SETTLE_SECONDS)
                    report(f"{kind}, attacked", asyncio.run(measure[kind](ports[kind])), process)


if __name__ == "__main__":
    main()
