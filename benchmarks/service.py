"""What a generated service serves, beside bare FastAPI on uvicorn and a bare grpc.aio server, in one run.

Run it with `python -m benchmarks.service`. It takes about ten minutes, and prints each part when it is done.
`full` is the preset with access tokens on top, one in ten of its traces is kept and sent to a collector, and
every request takes a token of its rate limit. Ratios are medians over the rounds, each to the bare server of
its round. If other work uses the servers' core, look at their processor time: its ratio is what a quiet
machine shows.
"""

import os
import signal
import statistics
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.services.needs import met

from .serving import GET, OTHER_CORES, Measure, Server, install, make, run, start_up, started, take_turns

PORTS = {"http": 18080, "grpc": 18081, "metrics": 18082, "profiling": 18083}
ISSUER = "http://127.0.0.1:18060/realms/orders"
ORDER = b'{"name": "Ada", "quantity": 3}'
FULL = {"auth": "jwt"}
SHARES = {
    "access tokens": {"auth": "none"},
    "rate limit, in Redis": {"rate_limit": "none"},
    "throttling": {"throttling": "false"},
    "resilience": {"resilience": "false"},
    "tracing": {"tracing": "none"},
    "metrics": {"metrics": "none"},
    "HTTP caching": {"http_caching": "false"},
}
"""Answers with which a service does not have it, for each thing whose share is measured."""
SERVICES = {
    "service": ("service", {}),
    "full": ("full", FULL),
    "service, no cache": ("service", {"cache": "none"}),
    "full, no cache": ("full", {**FULL, "cache": "none"}),
    **{f"full without {name}": ("full", {**FULL, **answers}) for name, answers in SHARES.items()},
}
"""The preset of each, and the answers on top of it."""
SETTINGS = {
    "postgresql": "DATABASE__URL",
    "redis": "CACHE__URL",
    "rabbitmq": "BROKER__URL",
    "ratelimits": "RATE_LIMIT__URL",
}
HERE = {
    "entrypoints/grpc_tls.py": {"GRPC_TLS__PLAINTEXT": "true"},
    "rate_limiting": {"RATE_LIMIT__RATE": "10000", "RATE_LIMIT__BURST": "1000000"},
    "throttling": {"THROTTLING__LEAST": "100"},
    "auth": {"AUTH__ISSUER": ISSUER},
}
"""Settings by the modules that have them: limits decide about every request, and refuse none."""
START_TARGETS = {"service": (0.5, 90), "full": (0.9, 120)}

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


def over_http() -> list[Measure]:
    return [
        Measure("bare FastAPI on uvicorn", "bare", "/orders/1", 1),
        Measure("service: cached read", "service", "{order}", 0.60),
        Measure("full: cached read", "full", "{order}", 0.60),
        Measure("service: read from the database", "service, no cache", "{order}", 0.25),
        Measure("full: read from the database", "full, no cache", "{order}", 0.25),
        Measure("service: list of 20", "service", "/v1/orders?limit=20", 0.12),
        Measure("full: list of 20", "full", "/v1/orders?limit=20", 0.12),
    ]


def over_grpc() -> list[Measure]:
    return [
        Measure("bare grpc.aio", "bare grpc", GET, 1, grpc=True),
        Measure("service: gRPC read", "service", GET, 0.75, grpc=True),
        Measure("full: gRPC read", "full", GET, 0.75, grpc=True),
    ]


class _Collector(BaseHTTPRequestHandler):
    """Takes all spans in, and keeps none."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Nothing is logged."""


@contextmanager
def collecting() -> Iterator[str]:
    """The address of a collector."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def environment(
    folder: Path, ports: Mapping[str, int], servers: Mapping[str, str], collector: str
) -> dict[str, str]:
    """The settings of a service: only those that it has, because it refuses others."""
    source = folder / "orders/src/orders"
    compose = folder / "orders/compose"
    found = {name for name in ports if any(source.glob(f"entrypoints/{name}*.py"))}
    settings = {f"{name.upper()}__PORT": str(ports[name]) for name in found}
    settings |= {
        name: servers[f"TEST_{server.upper()}_URL"]
        for server, name in SETTINGS.items()
        if (compose / f"{server}.yaml").exists()
    }
    if not (compose / "postgresql.yaml").exists():
        settings["DATABASE__URL"] = f"sqlite+aiosqlite:///{folder}/data.db"
    if (source / "tracing").exists():
        settings["TRACING__URL"] = collector
    for module, values in HERE.items():
        settings |= values if (source / module).exists() else {}
    return {f"ORDERS_{name}": value for name, value in settings.items()} | {
        "PYTHONPATH": str(folder / "orders/src")
    }


def fill(url: str, token: str) -> str:
    """Create 20 orders; the path of the last."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    for _ in range(20):
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/orders", ORDER, headers)) as answer:
            location = str(answer.headers["Location"])
    return location


def report(measures: Sequence[Measure]) -> None:
    """The first of the measures is of the bare server."""
    print(f"{'':<36}{'per second':>12}{'ratio':>8}{'CPU':>10}{'ratio':>8}{'target':>8}")
    bare = measures[0]
    for measure in measures:
        rate = statistics.median(measure.rates)
        ratio = statistics.median(mine / its for mine, its in zip(measure.rates, bare.rates, strict=True))
        share = statistics.median(its / mine for mine, its in zip(measure.costs, bare.costs, strict=True))
        missed = "  missed" if min(ratio, share) < measure.target else ""
        print(f"{measure.name:<36}{rate:>12,.0f}{ratio:>8.2f}", end="")
        print(f"{measure.cost:>7,.0f} us{share:>8.2f}{measure.target:>8.2f}{missed}", flush=True)


def report_shares(running: Mapping[str, Server], folder: Path) -> None:
    """What a cached read costs less without each part, of the processor."""
    names = ["full", *(f"full without {name}" for name in SHARES)]
    http = [Measure(name, name, "{order}") for name in names]
    rpc = [Measure(name, name, GET, grpc=True) for name in names]
    for measures in (http, rpc):
        take_turns(measures, running, folder)
    print(f"{'a cached read of full':<36}{'HTTP':>10}{'':>8}{'gRPC':>10}")
    print(f"{'all of it':<36}{http[0].cost:>7,.0f} us{'':>8}{rpc[0].cost:>7,.0f} us")
    for name, *without in zip(SHARES, http[1:], rpc[1:], strict=True):
        print(f"{name:<36}", end="")
        for whole, rest in zip((http[0], rpc[0]), without, strict=True):
            print(f"{whole.cost - rest.cost:>7,.0f} us{1 - rest.cost / whole.cost:>8.0%}", end="")
        print(flush=True)


def start_services(stack: ExitStack, folder: Path) -> dict[str, Server]:
    """All that are measured, each stopped until it is its turn."""
    servers = stack.enter_context(
        met({"database": "postgresql", "cache": "redis", "broker": "rabbitmq", "rate_limit": "redis"})
    )
    collector = stack.enter_context(collecting())
    pythons = {label: make(folder / label, preset, answers) for label, (preset, answers) in SERVICES.items()}
    full = environment(folder / "full", PORTS, servers, collector)
    token = start_issuer(stack, pythons["full"], folder / "full/orders", full)
    running: dict[str, Server] = {}
    for index, (label, python) in enumerate(pythons.items()):
        ports = {each: port + 10 * index for each, port in PORTS.items()}
        variables = environment(folder / label, ports, servers, collector)
        command = [python, "-m", "orders"]
        run(*command, "migrate", **variables)
        url = f"http://127.0.0.1:{ports['http']}"
        if target := START_TARGETS.get(label):
            seconds, memory = start_up(command, variables, f"{url}/healthz")
            print(f"{label}: first 200 after {seconds:.2f} s (target {target[0]})")
            print(f"{label}: {memory:.0f} MiB when idle (target {target[1]})", flush=True)
        process, _ = stack.enter_context(started(command, variables, f"{url}/readyz"))
        running[label] = Server(process, ports, fill(url, token), token)
        process.send_signal(signal.SIGSTOP)
    return running | start_bare_servers(stack, folder, pythons["full"])


def start_issuer(stack: ExitStack, python: Path, service: Path, variables: Mapping[str, str]) -> str:
    """An access token that allows everything."""
    command = [python, "-P", service / "tests/issuer_stand_in.py"]
    url = ISSUER.replace("/realms/orders", "/token")
    stack.enter_context(started(command, variables, url, core=OTHER_CORES[0]))
    with urllib.request.urlopen(url) as answer:
        return str(answer.read().decode())


def start_bare_servers(stack: ExitStack, folder: Path, python: Path) -> dict[str, Server]:
    (folder / "bare").mkdir()
    (folder / "bare/bare.py").write_text(BARE_HTTP)
    uvicorn = [install(folder / "bare", "fastapi", "uvicorn[standard]"), "-m", "uvicorn", "bare:app"]
    options = ["--port=18070", "--no-access-log", "--log-level=warning", f"--app-dir={folder}/bare"]
    http, _ = stack.enter_context(started([*uvicorn, *options], {}, "http://127.0.0.1:18070/docs"))
    path = {"PYTHONPATH": str(folder / "full/orders/src")}
    rpc, _ = stack.enter_context(started([python, "-c", BARE_GRPC, "18071"], path, "grpc:18071"))
    for process in (http, rpc):
        process.send_signal(signal.SIGSTOP)
    return {"bare": Server(http, {"http": 18070}), "bare grpc": Server(rpc, {"grpc": 18071})}


def main() -> None:
    os.sched_setaffinity(0, OTHER_CORES)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        running = start_services(stack, folder)
        for measures in (over_http(), over_grpc()):
            take_turns(measures, running, folder)
            report(measures)
        report_shares(running, folder)


if __name__ == "__main__":
    main()
