"""Real servers and generated services for the template's tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from shipsmith import presets, source

from ..systems.packages import UnavailableError
from ..systems.servers import Recipe, Server, running
from . import projects
from .projects import Project

Start = Callable[[Recipe], Server]


@pytest.fixture
def server() -> Iterator[Start]:
    """Starts a real server for one test alone; skips the test if it cannot be had here."""
    with ExitStack() as stack:
        yield lambda recipe: _start(stack, recipe)


@pytest.fixture(scope="module")
def module_server() -> Iterator[Start]:
    """Starts a real server for all tests of a module."""
    with ExitStack() as stack:
        yield lambda recipe: _start(stack, recipe)


def _start(stack: ExitStack, recipe: Recipe) -> Server:
    try:
        return stack.enter_context(running(recipe))
    except UnavailableError as error:
        pytest.skip(f"{recipe.name}: {error}")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The `full` preset, set up."""
    answers = presets.load(source.root(), "full").answers
    project = projects.new(tmp_path_factory.mktemp("full") / "orders", answers)
    project.make("setup")
    return project
