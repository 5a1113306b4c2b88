"""Generated services under test: created by the command line, set up and started."""

import os
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml

from .. import preloaded
from ..systems.processes import Process, free_port

PORTS = ("http", "grpc", "metrics", "profiling")
WITHOUT_PORT = (False, "none", "otlp")
"""The options that bring a server, each with a port."""
LONGEST_SECONDS = 480
"""After which a command is ended: earlier than the test that waits for it."""

CALLED = {
    "grpc": Path(__file__).with_name("called.proto"),
    "http": Path(__file__).with_name("called.yaml"),
}
"""The documents of the services that generated ones call, by protocol."""


@dataclass(frozen=True)
class Project:
    """A generated repository."""

    folder: Path

    @property
    def package(self) -> str:
        return next((self.folder / "src").iterdir()).name

    def make(self, *targets: str, environment: Mapping[str, str] | None = None) -> str:
        return run("make", *targets, directory=self.folder, environment=environment)

    def python(self, *arguments: str) -> list[str]:
        return [str(self.folder / ".venv/bin/python"), *arguments]


@dataclass(frozen=True)
class Service:
    """A running service, and the ports of 127.0.0.1 that it listens on."""

    process: Process
    ports: Mapping[str, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    @property
    def grpc_target(self) -> str:
        return f"127.0.0.1:{self.ports['grpc']}"


def new(folder: Path, answers: Mapping[str, Any], document: Path | None = None) -> Project:
    """Create a repository with these answers. Services that it calls all have this document, if any."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    answers_file = folder.with_suffix(".answers.yml")
    answers_file.write_text(yaml.safe_dump(dict(answers), sort_keys=False))
    clients = answers.get("clients", {})
    documents = [f"--client={name}={document or CALLED[protocol]}" for name, protocol in clients.items()]
    arguments = ("new", str(folder), "--defaults", "--answers", str(answers_file), *documents)
    made = preloaded.run(preloaded.SHIPSMITH, arguments, folder.parent, clean_environment())
    assert made.returncode == 0, made.stderr
    return Project(folder)


@contextmanager
def running(project: Project, settings: Mapping[str, str], log: Path) -> Iterator[Service]:
    """The service as a plain process, on free ports, after its migrations."""
    command = ("-m", project.package)
    environment = variables(project, settings)
    run(*project.python(*command), "migrate", directory=project.folder, environment=environment)
    with serving(project, settings, log, command) as service:
        yield service


@contextmanager
def issuer(project: Project, settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """The stand-in for an issuer of access tokens that the project has, and one of its tokens."""
    script = project.python("-P", "tests/issuer_stand_in.py")
    process = Process(script, log, variables(project, settings), directory=project.folder)
    url = urljoin(settings["AUTH__ISSUER"], "/token")
    found: list[str] = []

    def answers() -> bool:
        with suppress(OSError), urllib.request.urlopen(url, timeout=10) as response:
            found.append(response.read().decode())
        return bool(found)

    try:
        process.wait_until(answers, "the issuer")
        yield found[0]
    finally:
        process.stop()


@contextmanager
def serving(
    project: Project, settings: Mapping[str, str], log: Path, command: Sequence[str]
) -> Iterator[Service]:
    """What this command of its Python serves, on free ports."""
    answers = _answers(project)
    ports = {name: free_port() for name in PORTS if answers[name] not in WITHOUT_PORT}
    addresses = {f"{name.upper()}__PORT": str(port) for name, port in ports.items()}
    environment = variables(project, {**addresses, **settings})
    process = Process(project.python(*command), log, environment, directory=project.folder)
    try:
        service = Service(process, ports)
        process.wait_until(lambda: ready(service.url), "the service's readiness")
        yield service
    finally:
        process.stop()


def variables(project: Project, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process with these settings, without TLS."""
    local = {"GRPC_TLS__PLAINTEXT": "true"} if _answers(project)["mtls"] else {}
    return {f"{project.package.upper()}_{name}": value for name, value in {**local, **settings}.items()}


def _answers(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((project.folder / ".copier-answers.yml").read_text())
    return found


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run(
    *command: str | Path,
    directory: Path,
    environment: Mapping[str, str] | None = None,
) -> str:
    """The output of a command. Fails with the end of it, also if the command does not end."""
    # a file, and no pipe: what the command leaves behind would hold a pipe open
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        ended = _ended(
            subprocess.Popen(
                [str(part) for part in command],
                cwd=directory,
                env={**clean_environment(), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
        file.seek(0)
        output = file.read()
    if ended != "exit 0":
        raise AssertionError(f"$ {' '.join(map(str, command))}\n{ended}\n{output[-20000:]}")
    return re.sub(r"\x1b\[[0-9;]*m", "", output)


def _ended(process: subprocess.Popen[bytes]) -> str:
    """How a command has ended. Nothing that it has started is left."""
    try:
        return f"exit {process.wait(LONGEST_SECONDS)}"
    except subprocess.TimeoutExpired:
        return f"not ended after {LONGEST_SECONDS} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def clean_environment() -> dict[str, str]:
    """The environment without variables from the test run and from make."""
    ours = ("PYTEST_", "MAKE", "MFLAGS", "COV_", "GIT_DIR", "GIT_INDEX", "GIT_WORK")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
