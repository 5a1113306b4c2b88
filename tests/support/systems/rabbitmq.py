"""RabbitMQ."""

import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .packages import require
from .processes import Process, converse, free_port
from .servers import Image, Recipe, Server

# of the processes, by port: their command line needs it, too
ENVIRONMENTS: dict[int, dict[str, str]] = {}


def url(server: Server) -> str:
    return f"amqp://test:test@127.0.0.1:{server.port}/"


def _prepare(folder: Path, port: int, companions: ExitStack) -> Callable[[], Process]:
    server, epmd = require("rabbitmq-server", "rabbitmq-server"), require("epmd", "erlang-base")
    environment = ENVIRONMENTS[port] = _environment(folder, port)
    (folder / "enabled_plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text("default_user = test\ndefault_pass = test\n")

    # if the server started the port mapper, it would be a daemon that outlives the server
    mapper = Process([epmd, "-address", "127.0.0.1"], folder / "epmd.log", environment)
    companions.callback(mapper.kill)

    def launch() -> Process:
        mapper.wait_until(lambda: converse(int(environment["ERL_EPMD_PORT"]), b"\0\1n", b""), "epmd")
        return Process([server], folder / "log", environment)

    return launch


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(free_port()),
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        # otherwise the start script is the parent of the server, and a kill would not reach the server
        "RUNNING_UNDER_SYSTEMD": "1",
    }


RABBITMQ = Recipe(
    name="rabbitmq",
    image=Image(
        "rabbitmq:4.3.6-management",
        port=5672,
        environment={"RABBITMQ_DEFAULT_USER": "test", "RABBITMQ_DEFAULT_PASS": "test"},
    ),
    prepare=_prepare,
    # the server answers a protocol header with a method frame on channel 0: connection.start
    answers=lambda port: converse(port, b"AMQP\0\0\x09\x01", b"\x01\0\0"),
)


def limit_free_disk(server: Server, size: str) -> None:
    """Let it take no messages unless so much of the disk is free, such as 100GB. It is a process."""
    command = [require("rabbitmqctl", "rabbitmq-server"), "set_disk_free_limit", size]
    environment = os.environ | ENVIRONMENTS[server.port]
    subprocess.run(command, env=environment, check=True, capture_output=True)
