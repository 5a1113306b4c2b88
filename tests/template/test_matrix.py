"""Every row of the matrix becomes a service that passes its own checks and its own tests, untouched."""

import resource
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path

import pytest
from shipsmith.template import location as source
from shipsmith.template.questionnaire import Answers, questions_of

from ..support.services import environments, needs, overlays, projects
from ..support.services.projects import Project
from ..support.services.rows import TYPES, matrix, with_four_resources

ROWS = matrix()
PARAMETERS = [pytest.param(row, id=name) for name, row in ROWS.items()]
each_row = pytest.mark.parametrize("answers", PARAMETERS)
LARGER = [
    pytest.param(with_four_resources(row), id=f"{name} with four resources", marks=pytest.mark.long)
    for name, row in ROWS.items()
    if len(row["resources"]) < 4
]
"""All other rows with the largest model, which takes twice as long."""


@pytest.mark.parametrize("answers", [*PARAMETERS, *LARGER])
def test_service_passes_its_own_checks_and_tests(
    answers: Answers,
    tmp_path: Path,
    mypy_cache: Path,
    meet: Callable[[Answers], dict[str, str]],
    record_property: Callable[[str, object], None],
) -> None:
    """`make check test` pass in a new repository: no finding, no skip, and nothing left for git."""
    environment = meet(answers)
    for stand_in in needs.stand_ins(answers):
        record_property("note", stand_in)
    started = _core_seconds()
    project = projects.new(tmp_path / answers["service_name"], answers)

    environments.prepare(project)
    assert environments.missing_in_lock(project) == set()
    project.make("check", environment={"MYPY_CACHE_DIR": str(mypy_cache)})
    tested = project.make("test", environment=environment)

    closing_line = tested.strip().splitlines()[-1]
    assert " passed" in closing_line
    assert not {"skipped", "failed", "error", "xfailed"} & set(closing_line.replace(",", "").split())
    assert projects.run("git", "status", "--porcelain", directory=project.folder) == ""
    record_property("core seconds", _core_seconds() - started)


def _core_seconds() -> float:
    """What the processes that have ended used, in seconds of one core."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_locks_are_enough(full: Project, tmp_path: Path, mypy_cache: Path) -> None:
    """`make setup` installs all that the checks and the service need; the other tests do not run it."""
    smallest = projects.new(tmp_path / "orders", ROWS["minimal"])
    smallest.make("setup")
    for project in (smallest, full):
        project.make("check", environment={"MYPY_CACHE_DIR": str(mypy_cache)})
        projects.run(*project.python("-m", "pytest", "tests/unit"), directory=project.folder)


@each_row
def test_no_file_comes_from_two_overlays(answers: Answers) -> None:
    """Which of two files with one destination wins would depend on the file system."""
    destinations = Counter(overlays.destinations(source.root(), answers))
    assert [path for path, count in destinations.items() if count > 1] == []


@each_row
def test_the_servers_of_a_service_are_started_here_in_the_version_that_it_names(answers: Answers) -> None:
    for server in needs.servers(answers):
        ports = {each["name"]: each["port"] for each in needs.servers(answers)}
        assert needs.recipe(server, ports).image.name == server["image"], (
            "tests/support/systems says how it starts"
        )


def test_the_matrix_has_every_allowed_pair_of_values() -> None:
    """Any two values of two options that no rule forbids meet in some row."""
    assert [pair for pair in _allowed_pairs() if not any(_has(row, pair) for row in ROWS.values())] == []


def test_each_value_is_tested_with_four_resources() -> None:
    four = [row for row in ROWS.values() if len(row["resources"]) == 4]
    options = questions_of(source.root()).options
    values = [{option.name: value} for option in options.values() for value in option.values]
    assert [each for each in values if not any(_has(row, each) for row in four)] == []


def test_every_database_is_tested_with_every_type() -> None:
    """Each type, wanted and optional, meets each database."""
    for database in questions_of(source.root()).options["database"].values:
        kinds = {
            kind
            for row in ROWS.values()
            for fields in row["resources"].values()
            for kind in fields.values()
            if row["database"] == database
        }
        assert {kind + mark for kind in TYPES for mark in ("", "?")} <= kinds, database


def _allowed_pairs() -> Iterator[Answers]:
    """Any two values of two options that no rule forbids."""
    questionnaire = questions_of(source.root())
    forbidden = [rule.values for rule in questionnaire.rules]
    for first, second in combinations(questionnaire.options.values(), 2):
        for a, b in product(first.values, second.values):
            if {first.name: a, second.name: b} not in forbidden:
                yield {first.name: a, second.name: b}


def _has(row: Answers, answers: Answers) -> bool:
    return all(row[name] == value for name, value in answers.items())
