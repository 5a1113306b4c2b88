"""The real servers that the tests of a generated repository need, depending on its answers."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

from shipsmith.template import location
from shipsmith.template.questionnaire import Questionnaire

from ..systems.servers import Recipe, running

LOGIN = DATABASE = "test"


@contextmanager
def met(answers: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Run the servers. Yields the tests' environment. Raises UnavailableError if a server is unavailable."""
    with ExitStack() as stack:
        environment = {"STRICT": "1"}
        for server in servers(answers):
            port = stack.enter_context(running(recipe(server))).port
            environment[f"TEST_{server['name'].upper()}_URL"] = server["url"].format(
                login=f"{LOGIN}:{LOGIN}", address=f"127.0.0.1:{port}", database=DATABASE
            )
        yield environment


def servers(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the pages of the choices say of their servers."""
    questionnaire = Questionnaire(location.root())
    options = questionnaire.options.items()
    chosen = {name: answers[name] for name, option in options if answers.get(name) in option.values}
    found: list[dict[str, Any]] = questionnaire.context(questionnaire.resolve(chosen))["servers"]
    return found


def recipe(server: Mapping[str, Any]) -> Recipe:
    """How tests/support/systems starts it: `NAME` of the module `name`."""
    module = import_module(f"{__package__}.{server['name']}".replace(".services.", ".systems."))
    found: Recipe = getattr(module, server["name"].upper())
    return found
