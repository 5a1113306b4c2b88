"""shipsmith in processes that need not load it: forks of one that has loaded it and does nothing else.

Loading takes about as long as an update of the small template, and some tests run hundreds of those.
"""

import atexit
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, NoReturn

from .systems.processes import bound_to_parent

ROOT = Path(__file__).parents[2]
SHIPSMITH = "from shipsmith import __main__; __main__.main()"
"""The program of the command line."""
KEEPING_RENDERS = f"from tests.support import renders; renders.keep(); {SHIPSMITH}"
"""The same for many changes of one project."""


def with_template(root: Path, program: str = SHIPSMITH) -> str:
    """The program with the template of another repository."""
    return (
        "from pathlib import Path; from shipsmith.template import location;"
        f"location.root = lambda: Path({str(root)!r}); {program}"
    )


MODULES = [
    "copier",
    "grpc_tools._protoc_compiler",
    "jinja2_ansible_filters",
    "multiprocessing.popen_fork",
    "shipsmith.cli.app",
    "shipsmith.cli.catalogue",
    "shipsmith.cli.change",
    "shipsmith.cli.doctor",
    "shipsmith.cli.edit",
    "shipsmith.cli.inspect",
    "shipsmith.cli.new",
    "shipsmith.cli.prompts",
    "shipsmith.cli.report",
    "shipsmith.rendering.copier",
    "shipsmith.update.apply",
    "shipsmith.update.plan",
    "shipsmith.update.recipes",
    "shipsmith.update.resume",
    "shipsmith.update.status",
    "shipsmith.update.undo",
    "tests.support.renders",
    "typer._adapters",
]


class Process:
    """A program in a session of its own, without input."""

    def __init__(
        self,
        program: str,
        arguments: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        output: IO[bytes],
        errors: IO[bytes],
    ) -> None:
        mine, other = socket.socketpair()
        with other, open(os.devnull, "rb") as nothing:
            _first().fork(other, nothing, output, errors)
        self._answers = mine.makefile("r")
        with mine, mine.makefile("w") as questions:
            json.dump([program, list(arguments), str(directory), dict(environment), _mask()], questions)
            questions.write("\n")
        self.pid = int(self._answers.readline())

    def wait(self) -> int:
        """Its exit status; negative if a signal killed it."""
        with self._answers:
            return int(self._answers.readline())


def run(
    program: str, arguments: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        status = Process(program, arguments, directory, environment, output, errors).wait()
        for stream in (output, errors):
            stream.seek(0)
        return subprocess.CompletedProcess(arguments, status, output.read().decode(), errors.read().decode())


def _mask() -> int:
    """The rights that this process keeps from new files; reading them means setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


class _First:
    """The process that the others are forks of. It ends when this one does."""

    def __init__(self) -> None:
        self._requests, its = socket.socketpair()
        self._lock = Lock()
        command = bound_to_parent([sys.executable, "-m", __name__, str(its.fileno())])
        with its:
            subprocess.Popen(command, cwd=ROOT, pass_fds=[its.fileno()], start_new_session=True)

    def fork(self, channel: socket.socket, *streams: IO[bytes]) -> None:
        """Fork one with these streams. Into the channel goes what it is to do; its id and status come out."""
        files = [channel.fileno(), *(stream.fileno() for stream in streams)]
        with self._lock:
            socket.send_fds(self._requests, [b"."], files)


@cache
def _first() -> _First:
    return _First()


def _serve(requests: socket.socket) -> str:
    """Fork for each request. Returns in each fork, with the program that it is to run."""
    while True:
        message, files, _, _ = socket.recv_fds(requests, 1, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            return _prepare(*files)
        for file in files:
            os.close(file)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _prepare(channel: int, *streams: int) -> str:
    """Fork once more, so that the status can be told; become the process that was asked for."""
    with socket.socket(fileno=channel) as connection, connection.makefile("rw") as file:
        program, arguments, directory, environment, mask = json.loads(file.readline())
        child = os.fork()
        if child:
            for stream in streams:
                os.close(stream)
            print(child, file=file, flush=True)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=file, flush=True)
            os._exit(0)
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.umask(mask)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["shipsmith", *arguments]
    return str(program)


def _end(status: object) -> NoReturn:
    """Exit like Python, but without taking apart what was loaded: that takes longer than most commands."""
    if isinstance(status, str):
        print(status, file=sys.stderr)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    for name in (*MODULES, "tests.support.frozen"):
        importlib.import_module(name)
    program = _serve(socket.socket(fileno=int(sys.argv[1])))
    try:
        exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        _end(end.code)
    _end(None)
