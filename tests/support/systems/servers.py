"""A server for tests: an image where Docker runs, else a process of this machine."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from .packages import UnavailableError
from .processes import Process, free_port, wait_until


class Server(Protocol):
    """A server on a port of 127.0.0.1 that keeps its data and its port over a crash."""

    port: int

    def start(self) -> None:
        """Start it and wait until it answers."""

    def kill(self) -> None:
        """End it as a crash would."""

    def stop(self) -> None:
        """End it for good and remove what it kept."""


@dataclass(frozen=True)
class Image:
    """How a server runs as a container."""

    name: str
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How a server is had, and how it shows that it answers."""

    name: str
    image: Image
    # Makes its folder ready for this port, registers what must end with it, gives back what starts it.
    prepare: Callable[[Path, int, ExitStack], Callable[[], Process]]
    answers: Callable[[int], bool]


class ProcessServer:
    """A server as a process of this machine, with its data in a temporary folder."""

    def __init__(self, recipe: Recipe) -> None:
        self.port = free_port()
        self._recipe = recipe
        self._folder = Path(tempfile.mkdtemp(prefix=f"shipsmith-{recipe.name}-"))
        self._companions = ExitStack()
        self._launch = recipe.prepare(self._folder, self.port, self._companions)
        self._process: Process | None = None

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
        environment = [f"--env={name}={value}" for name, value in image.environment.items()]
        publish = f"--publish=127.0.0.1:{self.port}:{image.port}"
        self._id = docker("create", "--label=shipsmith-tests", publish, *environment, image.name)

    def start(self) -> None:
        docker("start", self._id)
        wait_until(lambda: self._recipe.answers(self.port), self._recipe.name)

    def kill(self) -> None:
        docker("kill", self._id)

    def stop(self) -> None:
        docker("rm", "--force", "--volumes", self._id)


@contextmanager
def running(recipe: Recipe) -> Iterator[Server]:
    """A started server, gone afterwards; raises UnavailableError if it cannot be had here."""
    server: Server = ContainerServer(recipe) if image_available(recipe.image.name) else ProcessServer(recipe)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@cache
def image_available(name: str) -> bool:
    """Does a Docker engine run here that has this image, or can pull it?"""
    commands = (("image", "inspect"), ("pull",))
    return engine_runs() and any(succeeds("docker", *command, name) for command in commands)


@cache
def engine_runs() -> bool:
    """Does a Docker engine run here that the tests did not start?"""
    return succeeds("docker", "version")


def docker(*arguments: str) -> str:
    """What a docker command prints."""
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"docker {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout.strip()


def succeeds(*command: str) -> bool:
    """Is there such a command, and does it end well?"""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
