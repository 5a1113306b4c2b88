"""A server for tests: a container if Docker is running, or else a process."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from .packages import UnavailableError
from .processes import Process, free_port, wait_until


class Server(Protocol):
    """A server on a port of 127.0.0.1 that keeps its data and its port after a crash."""

    port: int

    def start(self) -> None:
        """Start it and wait until it answers."""

    def kill(self) -> None:
        """Kill it, like a crash."""

    def stop(self) -> None:
        """Stop it and remove its data."""


@dataclass(frozen=True)
class Image:
    """A server as a container: its image and settings."""

    name: str
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()


@dataclass(frozen=True)
class Recipe:
    """How to run a server, and how to check that it responds."""

    name: str
    image: Image
    # prepares its folder for this port, registers its cleanup, and returns the function that starts it
    prepare: Callable[[Path, int, ExitStack], Callable[[], Process]]
    answers: Callable[[int], bool]


class ProcessServer:
    """A server as a process, with its data in a temporary folder."""

    def __init__(self, recipe: Recipe) -> None:
        self.port = free_port()
        self._recipe = recipe
        self._folder = Path(tempfile.mkdtemp(prefix=f"shipsmith-{recipe.name}-"))
        self._companions = ExitStack()
        self._launch = recipe.prepare(self._folder, self.port, self._companions)
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self._recipe.name} was not started")
        return self._process.pid

    def start(self) -> None:
        self._process = self._launch()
        self._process.wait_until(lambda: self._recipe.answers(self.port), self._recipe.name)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        self.kill()
        self._companions.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class ContainerServer:
    """A server as a container."""

    def __init__(self, recipe: Recipe) -> None:
        self.port = free_port()
        self._recipe = recipe
        image = recipe.image
        environment = [
            f"--env={name}={value.format(port=self.port)}" for name, value in image.environment.items()
        ]
        publish = f"--publish=127.0.0.1:{self.port}:{image.port}"
        command = ("create", "--label=shipsmith-tests", publish, *environment, image.name, *image.command)
        self._id = docker(*command)

    def start(self) -> None:
        docker("start", self._id)
        wait_until(lambda: self._recipe.answers(self.port), self._recipe.name)

    def kill(self) -> None:
        docker("kill", self._id)

    def stop(self) -> None:
        docker("rm", "--force", "--volumes", self._id)


@contextmanager
def running(recipe: Recipe, *, container: bool = True) -> Iterator[Server]:
    """A running server, removed afterwards. Raises UnavailableError if it is not available.

    Servers that connect to each other are processes: a container would not reach this machine's loopback.
    """
    in_container = container and image_available(recipe.image.name)
    server: Server = ContainerServer(recipe) if in_container else ProcessServer(recipe)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@cache
def image_available(name: str) -> bool:
    """Whether a Docker engine is running that has this image, or can pull it."""
    commands = (("image", "inspect"), ("pull",))
    return engine_runs() and any(succeeds("docker", *command, name) for command in commands)


@cache
def engine_runs() -> bool:
    """Whether a Docker engine is running that the tests did not start."""
    return succeeds("docker", "version")


def docker(*arguments: str) -> str:
    """The output of a docker command."""
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"docker {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout.strip()


def succeeds(*command: str) -> bool:
    """Whether the command exists and succeeds."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
