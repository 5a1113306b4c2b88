"""Real servers and generated services for the template's tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template.questionnaire import Answers

from ..support.once import once
from ..support.services import projects
from ..support.services.needs import met
from ..support.services.projects import Project
from ..support.systems import packages
from ..support.systems.packages import UnavailableError
from ..support.systems.servers import Recipe, Server, running

T = TypeVar("T")
Start = Callable[[Recipe], Server]


@pytest.fixture
def server() -> Iterator[Start]:
    """Starts a real server for one test alone; skips the test if it cannot be had here."""
    with ExitStack() as stack:
        yield lambda recipe: _enter(stack, running(recipe))


@pytest.fixture(scope="module")
def module_server() -> Iterator[Start]:
    """Starts a real server for all tests of a module."""
    with ExitStack() as stack:
        yield lambda recipe: _enter(stack, running(recipe))


@pytest.fixture
def meet() -> Iterator[Callable[[Answers], dict[str, str]]]:
    """Starts the servers that a repository's own tests need; skips the test if one cannot be had here."""
    with ExitStack() as stack:
        yield lambda answers: _enter(stack, met(answers))


def _enter(stack: ExitStack, started: AbstractContextManager[T]) -> T:
    try:
        return stack.enter_context(started)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The `full` preset, set up."""
    answers = presets.load(source.root(), "full").answers
    project = projects.new(tmp_path_factory.mktemp("full") / "orders", answers)
    project.make("setup")
    return project


@pytest.fixture(scope="session")
def minimal_with_workflows() -> Path:
    """The `minimal` preset with its workflows. GitHub's machines have jq, which a script of theirs needs."""
    try:
        packages.require("jq", "jq")
    except UnavailableError as error:
        pytest.skip(str(error))
    answers = presets.load(source.root(), "minimal").answers | {"ci": "github"}
    return once("minimal", lambda folder: projects.new(folder / "orders", answers)) / "orders"
