"""Kafka: one broker that is its own controller, from the jars that Maven finds."""

import base64
import socket
import subprocess
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from .maven import jars
from .packages import require
from .processes import Process, free_port
from .servers import Image, Recipe, Server

VERSION = "4.1.0"
ARTIFACTS = ("org.apache.kafka:kafka_2.13", "org.apache.kafka:kafka-tools")
ALONE = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
LISTENERS = """\
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
"""
PLACES = """\
controller.quorum.voters=1@127.0.0.1:{controller}
log.dirs={folder}/data
"""
# a request for the versions of the API, with a correlation id that comes back
QUESTION = bytes.fromhex("00000012 0012 0000 53484950 0008") + b"shipsmit"
ANSWER = bytes.fromhex("53484950")


def url(server: Server) -> str:
    return f"kafka://127.0.0.1:{server.port}"


def reached_by(listener: int, advertised: int) -> Recipe:
    """Kafka as a process that also listens on the port `listener`, and tells clients there to use another.

    It is for a link before the broker: clients connect to what the broker tells them.
    """
    more = (
        f"listeners=PLAINTEXT://127.0.0.1:{{port}},LINK://127.0.0.1:{listener},"
        "CONTROLLER://127.0.0.1:{controller}\n"
        f"advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},LINK://127.0.0.1:{advertised}\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,LINK:PLAINTEXT\n"
    )
    return replace(KAFKA, prepare=partial(_prepare, listeners=more))


def _prepare(
    folder: Path, port: int, _companions: ExitStack, listeners: str = LISTENERS
) -> Callable[[], Process]:
    java = [require("java", "openjdk-17-jre-headless"), "-Xms128m", "-Xmx384m", "-XX:TieredStopAtLevel=1"]
    java += ["-cp", f"{jars('kafka', VERSION, ARTIFACTS)}/*"]
    configuration = folder / "server.properties"
    places = (listeners + PLACES).format(folder=folder, port=port, controller=free_port())
    configuration.write_text(ALONE + places)
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # with the equals sign, since one id of 64 begins with a dash and would be read as another option
    form = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(configuration)]
    subprocess.run(form, check=True, capture_output=True)
    return lambda: Process([*java, "kafka.Kafka", str(configuration)], folder / "log")


def _answers(port: int) -> bool:
    """Whether it answers with our correlation id, which comes after the length of the answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(QUESTION)
            return connection.recv(8)[4:] == ANSWER
    except OSError:
        return False


KAFKA = Recipe(
    name="kafka",
    image=Image(
        f"apache/kafka:{VERSION}",
        port=9092,
        environment={
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://127.0.0.1:{port}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        },
    ),
    prepare=_prepare,
    answers=_answers,
)
