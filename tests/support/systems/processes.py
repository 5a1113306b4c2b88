"""Child processes that never outlive the tests."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

# for the kernel, the parent of a process is the thread that started it: this one lives as long as the tests
LAUNCHER = ThreadPoolExecutor(max_workers=1)

# below those that systems give to outgoing connections, on Linux from 32768
PORTS = range(10_000, 32_768)
# ports that were handed out but have no listener yet look free to the kernel
GIVEN_PORTS: set[int] = set()


def free_port() -> int:
    """A TCP port of 127.0.0.1 without a listener that was not handed out before.

    It is not one of those that the system gives to outgoing connections: such a port may be taken before
    a server listens on it.
    """
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if port not in GIVEN_PORTS:
                GIVEN_PORTS.add(port)
                return port


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for a condition. Fails after a timeout."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def converse(port: int, question: bytes, answer: bytes) -> bool:
    """Whether a server on this port responds to `question` with `answer`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(question)
            return connection.recv(len(answer)) == answer
    except OSError:
        return False


class Process:
    """A program in its own process group, with its output in a file."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            started = LAUNCHER.submit(
                subprocess.Popen,
                bound_to_parent(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                cwd=directory,
                start_new_session=True,
            )
            self._popen = started.result()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def running(self) -> bool:
        return self._popen.poll() is None

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait for a condition. Fails immediately, with the log, if the program exits first."""

        def reached() -> bool:
            if not self.running():
                raise RuntimeError(f"{what}: ended with {self._popen.returncode}\n{self.tail()}")
            return condition()

        wait_until(reached, what, seconds)

    def terminate(self) -> None:
        """Ask it to stop, without waiting."""
        self._popen.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        """Its exit code, after it has exited."""
        return self._popen.wait(seconds)

    def stop(self, seconds: float = 10) -> None:
        """Ask it to stop, then kill it and its child processes."""
        self.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """Kill it and its child processes, like a crash."""
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait(10)

    def tail(self, size: int = 4000) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-size:]


def bound_to_parent(command: Sequence[str]) -> list[str]:
    """A command that the kernel kills when its parent dies, if the kernel supports that."""
    if shutil.which("setpriv"):
        return ["setpriv", "--pdeathsig", "KILL", *command]
    return list(command)
