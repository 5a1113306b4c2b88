"""Make a service with the default preset, start it, call it over HTTP and gRPC, stop it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
SERVICE = REPOSITORY / "build" / "demo" / "orders"
LOG = SERVICE.with_suffix(".log")
SHIPSMITH = Path(sys.executable).with_name("shipsmith")


def main() -> None:
    say(f"A service in one command, in {SERVICE}")
    shutil.rmtree(SERVICE, ignore_errors=True)
    SERVICE.parent.mkdir(parents=True, exist_ok=True)
    run(SHIPSMITH, "new", SERVICE, "--defaults")

    say("Set it up and start it")
    run("make", "setup")
    http, grpc, metrics = free_ports(3)
    with service_running(http, grpc, metrics):
        say("Call it over HTTP")
        call_http(f"http://127.0.0.1:{http}/v1/orders")
        say("Call it over gRPC")
        run(SERVICE / ".venv/bin/python", REPOSITORY / "demo/call_grpc.py", f"127.0.0.1:{grpc}")
        say("Stop it")

    say(f"The repository lies in {SERVICE}\nNext: cd {SERVICE} && make run")


def call_http(url: str) -> None:
    created = request("POST", url, {"name": "anchor", "quantity": 3})
    request("GET", f"{url}/{created['id']}")
    request("GET", url)


def request(method: str, url: str, body: Any = None) -> Any:
    """Send one request; show it and its answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    message = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(message, timeout=10) as response:
        answer = json.load(response)
        print(f"{method} {url} {data.decode() if data else ''}\n  {response.status} {json.dumps(answer)}")
    return answer


@contextmanager
def service_running(http: int, grpc: int, metrics: int) -> Iterator[None]:
    """The service on these ports, from ready to SIGTERM."""
    ports = {"ORDERS_HTTP__PORT": http, "ORDERS_GRPC__PORT": grpc, "ORDERS_METRICS__PORT": metrics}
    environment = os.environ | {name: str(port) for name, port in ports.items()}
    print(f"$ make run > {LOG}", flush=True)
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            ["make", "run"], cwd=SERVICE, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until_ready(f"http://127.0.0.1:{http}/readyz", process)
        yield
    finally:
        # The whole group, as a terminal's Ctrl-C would: make does not pass signals on.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the service did not become ready: {url}\n{LOG.read_text()}")
            time.sleep(0.2)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def run(*command: str | Path) -> None:
    """Run a command in the service's folder, or here while there is none; stop the demo if it fails."""
    directory = SERVICE if SERVICE.exists() else REPOSITORY
    print("$", *command, flush=True)
    if subprocess.run([str(part) for part in command], cwd=directory).returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    main()
