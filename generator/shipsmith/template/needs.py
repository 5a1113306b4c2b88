"""What a service is developed and tested with: the facts that the pages of its choices have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from .questionnaire import Answers, questions_of
from .versions import Template


@dataclass(frozen=True, slots=True)
class Program:
    """A program that has to be installed."""

    name: str
    why: str
    check: tuple[str, ...]
    """A command that prints its version, and fails if the program cannot be used."""
    install: Mapping[str, str]
    """The command that installs it, by operating system: `debian`, `macos`."""
    at_least: str = ""
    """The oldest version that will do; empty if any does."""
    optional: bool = False
    part_of: str = ""
    """What brings it along; empty if it is installed by itself."""
    servers_for: str = ""
    """What it runs servers for, if that is all it is needed for: `tests` or `development`; or empty."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that tests connect to: in a container, or the one that an environment variable names."""

    name: str
    image: str
    variable: str
    beside: str
    """The variable of the server that it connects to; empty if there is none."""
    install: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Needs:
    programs: list[Program]
    servers: list[Server]


def needs_of(template: Template, answers: Answers) -> Needs:
    """What a service with these answers needs. Raises UserError if that version does not say it."""
    context = questions_of(template.root).context(answers)
    programs = context.get("slots", {}).get("needs")
    if programs is None:
        raise UserError(
            f"{template.version} of the template does not list what its services need. "
            "README.md of the project does; or run: shipsmith update"
        )
    return Needs([_program(each) for each in programs], [_server(each) for each in context["servers"]])


def _program(fact: Mapping[str, Any]) -> Program:
    return Program(**{**fact, "check": tuple(fact["check"])})


def _server(fact: Mapping[str, Any]) -> Server:
    name, beside = fact["name"], fact.get("copy_of", fact.get("in_front_of"))
    return Server(
        name=name,
        image=fact["image"],
        variable=_variable(name),
        beside=_variable(beside) if beside else "",
        install=fact.get("install", {}),
    )


def _variable(server: str) -> str:
    return f"TEST_{server.upper()}_URL"
