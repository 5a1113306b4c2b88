"""Looks for what a service needs on this machine."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from packaging.version import Version

from ..template.needs import Needs, Program, Server

PROGRAM_SECONDS = 10
CONNECT_SECONDS = 2
NUMBER = re.compile(r"\d+(?:\.\d+)+")
# what stands before the URL of another shard
NAME = re.compile(r"^[a-z][a-z0-9-]*=")


@dataclass(frozen=True, slots=True)
class Found:
    """A program or a server, and what there is of it."""

    need: Program | Server
    there: str
    """The version of a program, or where a server is; empty if there is none."""
    problem: str
    """Why it cannot be used; empty if it can."""
    needed: bool

    @property
    def missing(self) -> bool:
        return bool(self.problem) and self.needed


def look(needs: Needs, environment: Mapping[str, str]) -> list[Found]:
    """Programs, then servers. What only runs servers is optional if `environment` names all of them."""
    unnamed = any(not environment.get(each.variable) for each in needs.servers)
    programs = [_program(each, unnamed) for each in needs.programs]
    lacking = [
        program.name
        for program, found in zip(needs.programs, programs, strict=True)
        if program.servers_for == "tests" and found.missing
    ]
    return programs + [_server(each, environment, lacking) for each in needs.servers]


def _program(program: Program, unnamed: bool) -> Found:
    needed = not program.optional and (unnamed or not program.servers_for)
    output, problem = _output(program.check)
    number = NUMBER.search(output)
    version = number.group() if number else ""
    if not problem and program.at_least and not version:
        problem = f"`{' '.join(program.check)}` prints no version"
    elif not problem and program.at_least and Version(version) < Version(program.at_least):
        problem = f"{version} was found, which is too old"
    return Found(program, version, problem, needed)


def _output(command: tuple[str, ...]) -> tuple[str, str]:
    """What a command prints, and why it failed. It runs outside the project, whose files are not trusted."""
    folders = filter(os.path.isabs, os.get_exec_path())
    path = shutil.which(command[0], path=os.pathsep.join(folders))
    if not path:
        return "", f"{command[0]} was not found"
    try:
        result = subprocess.run(
            [path, *command[1:]],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROGRAM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"{command[0]} does not answer within {PROGRAM_SECONDS} s"
    except OSError as error:
        return "", f"{path} cannot be started: {error.strerror}"
    if result.returncode:
        return result.stdout, f"{command[0]} cannot be used: {_reason(result)}"
    return result.stdout, ""


def _reason(result: subprocess.CompletedProcess[str]) -> str:
    """The line of a failed program that says why: the first, or the last below a traceback."""
    lines = result.stderr.strip().splitlines() or [f"exit status {result.returncode}"]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


def _server(server: Server, environment: Mapping[str, str], lacking: list[str]) -> Found:
    if url := environment.get(server.variable):
        return _named(server, url)
    if server.beside and environment.get(server.beside):
        problem = f"needs {server.variable}, since {server.beside} names the server that it connects to"
        return Found(server, "", problem, True)
    if lacking:
        problem = (
            f"needs {' and '.join(lacking)} to run {server.image}, or {server.variable} with the URL of yours"
        )
        return Found(server, "", problem, True)
    return Found(server, f"{server.image} in a container", "", True)


def _named(server: Server, url: str) -> Found:
    """Only an address that is written out can be tried. A URL may have several hosts, or a region instead."""
    try:
        address = urlsplit(NAME.sub("", url))
        host, port = address.hostname, address.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        return Found(server, f"the one that {server.variable} names", "", True)
    where = f"{host}:{port}"
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except (OSError, UnicodeError) as error:  # the latter for names that are not valid
        reason = getattr(error, "strerror", None) or error
        problem = f"nothing answers at {where}, which {server.variable} names: {reason}"
        return Found(server, "", problem, True)
    return Found(server, f"{where}, which {server.variable} names", "", True)
