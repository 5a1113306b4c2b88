"""Every choice of the template can be added and removed, in any order, also where people edited."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from shipsmith.cli.words import to_add, to_remove
from shipsmith.project import existing
from shipsmith.project.checksum import checksum
from shipsmith.project.create import create
from shipsmith.project.history import earlier
from shipsmith.project.recipe import Recipe
from shipsmith.template import presets, versions
from shipsmith.template.questionnaire import NOTHING, Answers, questions_of
from shipsmith.update import plan as planning
from shipsmith.update import recipes
from shipsmith.update.apply import apply
from shipsmith.update.plan import plan

from ..support import renders
from ..support.once import once
from ..support.updates.small import GIT, contents, git

TEMPLATE = versions.working()
QUESTIONNAIRE = questions_of(TEMPLATE.root)
RULES = QUESTIONNAIRE.rules
PRESETS = [
    presets.load(TEMPLATE.root, name).answers for name in ("minimal", "service", "event-driven", "full")
]
Choice = tuple[str, Any]
SEVERAL = 5
"""So many choices are added one after the other at least."""


def valid(answers: Answers) -> bool:
    return not any(rule.values.items() <= answers.items() for rule in RULES)


def without(option: str, answers: Answers) -> Answers:
    question = QUESTIONNAIRE.options[option]
    return answers | {option: question.nothing}


def choices() -> list[Choice]:
    """Every value that can be added: those of options that can also be left out."""
    return [
        (name, value)
        for name, question in QUESTIONNAIRE.options.items()
        if question.nothing in NOTHING
        for value in question.values
        if value not in NOTHING
    ]


def states(chosen: Sequence[Choice]) -> Iterator[Sequence[Choice]]:
    """What can be chosen at some moment, if they are added in this order or its reverse."""
    for length in range(len(chosen) + 1):
        yield chosen[:length]
        yield chosen[length:]


def base(*chosen: Choice) -> Answers | None:
    """The smallest answers to which `chosen` can be added, in this order and its reverse."""
    preset = _preset(chosen)
    return preset and QUESTIONNAIRE.resolve(preset | {"service_name": "orders"})


def _preset(chosen: Sequence[Choice]) -> Answers | None:
    """The answers of the smallest preset to which they can be added, without these options."""
    for answers in PRESETS:
        for option, _ in chosen:
            answers = without(option, answers)
        if all(valid(answers | dict(some)) for some in states(chosen)):
            return answers
    return None


def _can_follow(choice: Choice, order: list[Choice]) -> bool:
    return choice[0] not in dict(order) and _preset([*order, choice]) is not None


def _missing_with(choice: Choice, order: list[Choice], missing: set[tuple[Choice, Choice]]) -> int:
    """How many pairs an order would bring with one more choice."""
    return sum((choice, other) in missing or (other, choice) in missing for other in order)


def orders() -> list[list[Choice]]:
    """Some orders of additions in which, with their reverses, any two choices that can be both come before
    and after each other; http and grpc are no such two, since a service must have had one of them.

    The first orders have as many new choices as they can, so that few of them have all.
    """
    different = [(one, other) for one, other in combinations(choices(), 2) if one[0] != other[0]]
    missing = {pair for pair in different if _preset(pair)}
    new = set(choices())
    found = []
    while missing:
        order = list(
            max((pair for pair in different if pair in missing), key=lambda pair: len(new & {*pair}))
        )
        while possible := [
            each for each in choices() if each[0] not in dict(order) and _preset([*order, each])
        ]:
            order.append(max(possible, key=lambda each: (each in new, _missing_with(each, order, missing))))
        found.append(order)
        missing -= {pair for pair in missing if set(pair) <= set(order)}
        new -= set(order)
    return found


def beginnings() -> list[list[Choice]]:
    """Of the orders that bring new choices, which are first in them."""
    met: set[Choice] = set()
    found = []
    for order in orders():
        if new := set(order) - met:
            found.append(order[: max(len(new), SEVERAL)])
        met |= new
    return found


def cases_of_orders() -> Iterator[ParameterSet]:
    """Whole orders last too long to be tested always."""
    for order in beginnings():
        yield pytest.param(order, id=f"beginning with {_named(order[:2])}")
    for order in orders():
        yield pytest.param(order, id=_named(order), marks=pytest.mark.long)


def _named(choices: Sequence[Choice]) -> str:
    return ",".join(f"{name}={value}" for name, value in choices)


def test_the_orders_that_are_always_tested_bring_every_choice() -> None:
    assert {choice for order in beginnings() for choice in order} == set(choices())


@pytest.fixture(autouse=True)
def _kept_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "render", renders.copied)


def start(answers: Answers | None, folder: Path) -> Path:
    """A project with these answers: each is made once, and copied."""
    assert answers
    name = checksum(answers)
    made = once(name, lambda place: create(answers, TEMPLATE, place / "orders")) / "orders"
    shutil.copytree(made, folder, symlinks=True)
    return folder


def change(folder: Path, answers: Answers) -> None:
    """Change the answers of a project that has no conflicts by it, and commit."""
    project = existing.find(folder)
    old = Recipe(TEMPLATE, recipes.current(project).answers)
    new = Recipe(TEMPLATE, QUESTIONNAIRE.resolve(old.answers | answers))
    planned = plan(project, old, new)
    apply(project, planned, "Change")
    outcome = planned.outcome
    assert outcome.changes_files
    assert outcome.conflicts == []
    git(folder, *GIT[1:], "commit", "-qm", "changed")


def edit(folder: Path) -> None:
    """Lines at the top of files to which choices add theirs further down, and a file of one's own."""
    for path, line in {
        "README.md": "<!-- ours -->\n",
        "src/orders/errors.py": "# ours\n",
        "Makefile": "OURS := 1\n",
        ".env.example": "# ours\n",
        "pyproject.toml": "# ours\n",
    }.items():
        (folder / path).write_text(line + (folder / path).read_text())
    (folder / "src/orders/ours.py").write_text("ours = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "edited")


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited"])
@pytest.mark.parametrize("choice", choices(), ids=str)
def test_what_is_added_and_removed_again_leaves_every_byte_as_it_was(
    tmp_path: Path, choice: Choice, edited: bool
) -> None:
    project = start(base(choice), tmp_path / "orders")
    if edited:
        edit(project)
    before = contents(project)
    option, value = choice
    word = option if value is True else f"{option}={value}"
    change(project, to_add([word], QUESTIONNAIRE))
    assert contents(project) != before
    found = existing.find(project)
    change(project, to_remove([word], QUESTIONNAIRE, recipes.current(found).answers, earlier(found)))
    assert contents(project) == before


def exchanges() -> Iterator[ParameterSet]:
    """Every choice, with every other choice of its option in whose place it can come.

    Those that take turns, so that each comes and goes once, are enough for each change.
    """
    for option in dict(choices()):
        values = [value for name, value in choices() if name == option]
        for before, after in permutations(values, 2):
            in_turn = after == values[(values.index(before) + 1) % len(values)]
            marks = [] if in_turn else [pytest.mark.long]
            name = f"{option}: {before}, {after}"
            yield pytest.param((option, before), (option, after), id=name, marks=marks)


@pytest.mark.parametrize(("before", "choice"), list(exchanges()))
def test_a_choice_that_goes_gives_back_the_one_that_it_replaced(
    tmp_path: Path, before: Choice, choice: Choice
) -> None:
    """Also where it comes and goes again; the one from the start then goes without a successor."""
    start_with = base(before, choice)
    project = start(start_with and QUESTIONNAIRE.resolve(start_with | dict([before])), tmp_path / "orders")
    edit(project)
    first = contents(project)
    word, found = "=".join(choice), existing.find(project)
    for _ in range(2):
        change(project, to_add([word], QUESTIONNAIRE))
        change(project, to_remove([word], QUESTIONNAIRE, recipes.current(found).answers, earlier(found)))
        assert contents(project) == first
    answers = recipes.current(found).answers
    nothing = QUESTIONNAIRE.options[before[0]].nothing
    assert to_remove(["=".join(before)], QUESTIONNAIRE, answers, earlier(found)) == {before[0]: nothing}


@pytest.mark.parametrize("choice", choices(), ids=str)
def test_what_is_removed_and_added_again_leaves_every_byte_as_it_was(tmp_path: Path, choice: Choice) -> None:
    option, value = choice
    start_with = base(choice)
    project = start(start_with and QUESTIONNAIRE.resolve(start_with | {option: value}), tmp_path / "orders")
    edit(project)
    before, found = contents(project), existing.find(project)
    word = option if value is True else f"{option}={value}"
    change(project, to_remove([word], QUESTIONNAIRE, recipes.current(found).answers, earlier(found)))
    assert contents(project) != before
    change(project, to_add([word], QUESTIONNAIRE))
    assert contents(project) == before


@pytest.mark.parametrize("order", list(cases_of_orders()))
def test_the_order_of_additions_does_not_matter(tmp_path: Path, order: list[Choice]) -> None:
    results = []
    for number, additions in enumerate((order, order[::-1])):
        project = start(base(*order), tmp_path / str(number) / "orders")
        edit(project)
        for choice in additions:
            change(project, dict([choice]))
        results.append(contents(project))
    assert results[0] == results[1]
