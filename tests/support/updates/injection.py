"""Runs shipsmith in a separate process, with a fault at one of its events.

An event is an action on a repository: opening a file to write, renaming, removing, and so on, and each start
of git. Events are numbered in their order, which is the same in each run.
"""

import fcntl
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from errno import EACCES, EIO, ENOSPC
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TypeGuard

from ..preloaded import MODULES
from .meanwhile import ACTIONS, GIT
from .small import Small

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
TOUCHING = (
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "shutil.rmtree",
)
ERRORS = {"ENOSPC": ENOSPC, "EIO": EIO, "EACCES": EACCES}
"""Errors that the operating system can return for our own events."""

OF_GIT = ("full", "torn", "after", "torn-kill", "after-kill")
"""Faults of git: the disk is full; it dies while writing; it fails after its work is done. With `-kill`, the
process that started it is killed at that moment."""
WRAPPER = f"""\
#!/bin/sh
[ -e "$FAULTS/armed" ] || exec {GIT} "$@"
read -r fault < "$FAULTS/armed"
rm "$FAULTS/armed"
case $fault in
torn*)
    # small files of the working tree can still be written
    case "$*" in *"-m -u"*) blocks=1 ;; *) blocks=0 ;; esac
    (ulimit -c 0; ulimit -f $blocks; exec {GIT} "$@") >/dev/null 2>&1
    says="died" ;;
after*) {GIT} "$@" >/dev/null 2>&1; says="fatal: write failure on standard output: Input/output error" ;;
*) says="fatal: unable to write new index file: No space left on device" ;;
esac
case $fault in *-kill) kill -9 $PPID ;; esac
echo "$says" >&2
exit 128
"""

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload([*MODULES, "tests.support.updates.injection", "tests.support.frozen"])


@dataclass(frozen=True, slots=True)
class Event:
    """One action of shipsmith."""

    where: str
    """The function that performs it, such as change.apply."""
    what: str
    lines: str
    """The lines of shipsmith on the call stack."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Fault:
    """The fault at event number `at`: `kill`, a name from above, or an action of a user."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    status: int
    """The exit status; negative if a signal killed the process."""
    said: str
    events: list[Event] = field(default_factory=list)


def run(small: Small, project: Path, scratch: Path, command: str, fault: Fault | None = None) -> Result:
    """Run `command` in `project`; `scratch` is a folder for this run only."""
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "bin").mkdir(parents=True)
    receiver, sender = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_main, args=(small, project, scratch, command, fault, sender))
    process.start()
    sender.close()
    process.join()
    os.set_blocking(receiver.fileno(), False)
    said = os.read(receiver.fileno(), 1 << 16).decode()
    lines = [line.split("\t") for line in (scratch / "events").read_text().splitlines()]
    return Result(process.exitcode or 0, said, [Event(*line) for line in lines])


def wait_for_git(project: Path) -> None:
    """Wait until no process of a killed shipsmith holds the project's lock."""
    lock = project / ".git/shipsmith/lock"
    if lock.exists():
        with lock.open() as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)


def _main(
    small: Small, project: Path, scratch: Path, command: str, fault: Fault | None, output: Connection
) -> None:
    from shipsmith import __main__
    from shipsmith.template import location

    # not to a file: writing to it could fail
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(project)
    os.environ |= {"XDG_CACHE_HOME": str(small.cache), "FAULTS": str(scratch)}
    # where a killed run leaves its renderings
    tempfile.tempdir = str(scratch)
    os.environ["PATH"] = f"{scratch / 'bin'}{os.pathsep}{os.environ['PATH']}"
    location.root = cache(lambda: small.template)
    sys.argv = ["shipsmith", *command.split()]
    sys.addaudithook(_Hook(project, scratch, fault))
    __main__.main()


class _Hook:
    """Counts the events, and injects the fault."""

    def __init__(self, project: Path, scratch: Path, fault: Fault | None) -> None:
        self.project, self.scratch, self.fault = str(project), scratch, fault
        self.process, self.count, self.busy = os.getpid(), 0, False
        self.in_a_removal: OSError | None = None
        self.events = (scratch / "events").open("w", buffering=1)

    def __call__(self, name: str, arguments: tuple[object, ...]) -> None:
        # exiting interpreters and threads still raise events
        if self.busy or os is None or os.getpid() != self.process:
            return
        if self.in_a_removal and name in ("os.scandir", "os.remove", "os.rmdir"):
            error, self.in_a_removal = self.in_a_removal, None
            raise error
        what = self._what(name, arguments)
        if not what:
            return
        self.busy = True
        try:
            self.count += 1
            if not self.fault:
                self.events.write(f"{_where(sys._getframe(1), what)}\n")
            elif self.fault.at == self.count:
                self._happen(self.fault, name)
        finally:
            self.busy = False

    def _what(self, name: str, arguments: tuple[object, ...]) -> str:
        """The event in words, or an empty text if it does not concern the repository."""
        if name == "subprocess.Popen":
            command = arguments[1]
            # commands that read the template's own repository do not count
            if not isinstance(command, list) or command[1].startswith("--git-dir"):
                return ""
            return f"git {_without_settings(command)}"
        if name != "open" and name not in TOUCHING:
            return ""
        if name in ("os.remove", "os.rmdir") and arguments[-1] != -1:
            # the content of a temporary folder, relative to it
            return ""
        touched = arguments[1 if name == "os.symlink" else 0]
        path = os.path.join(os.getcwd(), os.fsdecode(touched)) if _is_path(touched) else ""
        if not path.startswith(self.project):
            return ""
        short = os.path.relpath(path, self.project)
        if name == "open":
            flags = arguments[2]
            return f"open {short} to write" if isinstance(flags, int) and flags & WRITES else ""
        if name == "os.rename":
            return f"rename {short} to {os.path.relpath(os.fsdecode(arguments[1]), self.project)}"  # type: ignore[arg-type]  # of an audit event
        return f"{name.rpartition('.')[2]} {short}"

    def _happen(self, fault: Fault, event: str) -> None:
        if action := ACTIONS.get(fault.name):
            action(Path(self.project))
        elif fault.name == "kill":
            os.kill(self.process, signal.SIGKILL)
        elif fault.name in ERRORS:
            error = OSError(ERRORS[fault.name], os.strerror(ERRORS[fault.name]))
            if event != "shutil.rmtree":
                raise error
            # one of its steps fails, which rmtree ignores; without anything to remove, there are no steps
            self.in_a_removal = error if (Path(self.project) / ".git/shipsmith/saved").exists() else None
        elif event == "subprocess.Popen":
            # from now on, this is the git that is found first
            (self.scratch / "armed").write_text(f"{fault.name}\n")
            (self.scratch / "bin/git").write_text(WRAPPER)
            (self.scratch / "bin/git").chmod(0o755)
        else:
            # the file can be opened, but nothing can be written from now on
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _is_path(argument: object) -> TypeGuard[str | bytes | os.PathLike[str]]:
    return isinstance(argument, (str, bytes, os.PathLike))


def _without_settings(command: list[str]) -> str:
    """A command of git without ids, temporary files and titles."""
    words = command[1:]
    while words[0] == "-c":
        words = words[2:]
    if "-m" in words and words[0] == "commit-tree":
        return words[0]
    return " ".join(
        word
        for word in words
        if not word.startswith("/") and (len(word) < 40 or word.strip("0123456789abcdef:"))
    )


def _where(frame: FrameType | None, what: str) -> str:
    """An event with its function, the innermost outside the git runner, and all lines on the stack."""
    names, lines = [], []
    while frame:
        package, _, module = frame.f_globals.get("__name__", "").rpartition(".")
        if f"{package}.".startswith("shipsmith.") and module not in ("runner", "process"):
            names.append(f"{module}.{frame.f_code.co_qualname.partition('.<')[0]}")
            lines.append(f"{module}:{frame.f_lineno}")
        frame = frame.f_back
    return "\t".join((names[0], what, " ".join(lines)))
