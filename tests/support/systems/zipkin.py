"""Zipkin, which keeps traces in memory, from the jar that Maven finds."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .maven import jars
from .packages import require
from .processes import Process, converse
from .servers import Image, Recipe

VERSION = "3.6.1"


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    java = [require("java", "openjdk-17-jre-headless"), "-Xmx384m", "-XX:TieredStopAtLevel=1"]
    jar = jars("zipkin", VERSION, ["io.zipkin:zipkin-server:exec"]) / f"zipkin-server-{VERSION}-exec.jar"
    environment = {"QUERY_PORT": str(port)}
    return lambda: Process([*java, "-jar", str(jar)], folder / "log", environment)


ZIPKIN = Recipe(
    name="zipkin",
    image=Image(f"ghcr.io/openzipkin/zipkin:{VERSION}", port=9411),
    prepare=_prepare,
    answers=lambda port: converse(port, b"GET /health HTTP/1.0\r\n\r\n", b"HTTP/1.1 200"),
)
