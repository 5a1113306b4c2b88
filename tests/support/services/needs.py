"""The real servers that the tests of a generated repository need, depending on its answers."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

from shipsmith.template import location
from shipsmith.template.questionnaire import CLIENTS, questions_of

from ..systems.servers import Recipe, running

LOGIN = DATABASE = "test"
HANGING_SECONDS = 240
"""After which a test of a generated repository ends its run: earlier than the test here that waits for it."""


@contextmanager
def met(answers: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Run the servers. Yields the tests' environment. Raises UnavailableError if a server is unavailable."""
    with ExitStack() as stack:
        environment = {"STRICT": "1", "PYTEST_ADDOPTS": f"-o faulthandler_timeout={HANGING_SECONDS}"}
        needed = servers(answers)
        pairs = [(server["name"], other) for server in needed if (other := beside(server))]
        together = {name for pair in pairs for name in pair}
        ports: dict[str, int] = {}
        for server in needed:
            alone = server["name"] not in together
            port = stack.enter_context(running(recipe(server, ports, alone=alone), container=alone)).port
            ports[server["name"]] = port
            environment[f"TEST_{server['name'].upper()}_URL"] = server["url"].format(
                login=f"{LOGIN}:{LOGIN}", address=f"127.0.0.1:{port}", database=DATABASE
            )
        yield environment


def servers(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the pages of the choices say of their servers."""
    questionnaire = questions_of(location.root())
    options = questionnaire.options.items()
    chosen = {name: answers[name] for name, option in options if answers.get(name) in option.values}
    chosen[CLIENTS] = answers.get(CLIENTS, {})
    found: list[dict[str, Any]] = questionnaire.context(questionnaire.resolve(chosen))["servers"]
    return found


def recipe(server: Mapping[str, Any], ports: Mapping[str, int], *, alone: bool = True) -> Recipe:
    """How tests/support/systems starts it: `NAME` of the module `name`, or one beside what runs already."""
    name = server["name"]
    module = _module(server.get("copy_of", server.get("like", name)))
    found: Recipe
    match server:
        case {"copy_of": primary}:
            found = module.replica_of(ports[primary])
        case {"in_front_of": database}:
            found = module.in_front_of(ports[database])
        case {"like": first}:
            found = replace(getattr(module, first.upper()), name=name)
        case _:
            found = getattr(module, name.upper())
            if not alone:
                found = getattr(module, "WITH_COPIES", found)
    return found


def stand_ins(answers: Mapping[str, Any]) -> list[str]:
    """What is not the real system, in words."""
    found = []
    for server in servers(answers):
        if original := beside(server):
            found.append(getattr(_module(original), "REPLICA_STAND_IN", ""))
        else:
            found.append(getattr(_module(server.get("like", server["name"])), "STAND_IN", ""))
    return list(filter(None, found))


def beside(server: Mapping[str, Any]) -> str | None:
    """The name of the server that it connects to."""
    other: str | None = server.get("copy_of", server.get("in_front_of"))
    return other


def _module(name: str) -> Any:
    return import_module(f"{__package__}.{name}".replace(".services.", ".systems."))
