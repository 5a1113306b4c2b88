"""The model as it is asked for in a terminal: one resource first, then a menu with the result."""

from collections.abc import Callable
from functools import partial

import questionary

from ..model.descriptions import Descriptions, places
from ..terminal import say
from . import fields

Resources = dict[str, dict[str, str]]
Problem = Callable[[Resources], str]
"""What is wrong with resources; nothing where they are valid."""

BACK = "leave it empty to go back"
DONE, ADD, CHANGE, REMOVE = "Go on with it", "Add a resource", "Change the fields of {}", "Remove {}"


def ask(default: Resources, problem: Problem) -> Resources:
    """The resources that the user wants: `default` is offered, and how each is written."""
    resources = _ask_first(default, problem) if len(default) == 1 else default
    while True:
        for name, types in resources.items():
            say(f"  {name}: {fields.joined(types)}")
        chosen = questionary.select("The model:", list(_menu(resources)), default=DONE).unsafe_ask()
        if chosen == DONE:
            return resources
        resources = _menu(resources)[chosen](resources, problem)


def ask_descriptions(
    resources: Resources, default: Descriptions, problem: Callable[[Descriptions], str]
) -> Descriptions:
    """What a description says of each resource and field; most need none."""
    texts = dict(default)
    while True:
        choices = [questionary.Choice(DONE, "")]
        for each in places(resources):
            choices.append(questionary.Choice(f"{each}: {texts.get(each, '')}", each))
        place = str(questionary.select("Descriptions, for the documents of the API:", choices).unsafe_ask())
        if not place:
            return texts
        text = questionary.text(
            f"{place} ({BACK}):",
            texts.pop(place, ""),
            validate=partial(_check_description, place, problem),
        ).unsafe_ask()
        if text.strip():
            texts[place] = text.strip()


def _check_description(place: str, problem: Callable[[Descriptions], str], text: str) -> bool | str:
    return not text.strip() or problem({place: text.strip()}) or True


def _menu(resources: Resources) -> dict[str, Callable[[Resources, Problem], Resources]]:
    """What can be done with the resources, in the order of the list."""
    menu: dict[str, Callable[[Resources, Problem], Resources]] = {DONE: lambda now, problem: now, ADD: _add}
    for name in resources:
        menu[CHANGE.format(name)] = partial(_change, name=name)
    for name in resources if len(resources) > 1 else ():
        menu[REMOVE.format(name)] = partial(_remove, name=name)
    return menu


def _ask_first(default: Resources, problem: Problem) -> Resources:
    ((usual, types),) = default.items()
    name = _ask_name("Resource that the service manages, singular:", {}, usual, problem)
    return {name: _ask_types("Its fields, as name: type, …", {}, name, types, problem)}


def _add(resources: Resources, problem: Problem) -> Resources:
    name = _ask_name(f"Its name, singular ({BACK}):", resources, "", problem)
    if not name:
        return resources
    types = _ask_types(f"Its fields, as name: type, … ({BACK})", resources, name, {}, problem)
    return resources | {name: types} if types else resources


def _change(resources: Resources, problem: Problem, *, name: str) -> Resources:
    types = _ask_types(f"Fields of {name} ({BACK})", resources, name, resources[name], problem)
    return resources | {name: types} if types else resources


def _remove(resources: Resources, problem: Problem, *, name: str) -> Resources:
    left = {each: types for each, types in resources.items() if each != name}
    if wrong := problem(left):
        say(f"  {wrong}")
        return resources
    return left


def _ask_name(text: str, others: Resources, default: str, problem: Problem) -> str:
    def validate(name: str) -> bool | str:
        if not name and others:
            return True
        if name in others:
            return f"there is a resource {name}. Choose another name"
        return problem(others | {name: {"name": "str"}}) or True

    return str(questionary.text(text, default, validate=validate).unsafe_ask())


def _ask_types(
    text: str, others: Resources, name: str, default: dict[str, str], problem: Problem
) -> dict[str, str]:
    """Fields on one line: `name: str, total: decimal(12,2)?`."""

    def validate(line: str) -> bool | str:
        if not line.strip() and others:
            return True
        types, wrong = fields.parse(fields.split(line))
        return "; ".join(wrong) or problem(others | {name: types}) or True

    line = questionary.text(text, fields.joined(default), validate=validate).unsafe_ask()
    return fields.parse(fields.split(line))[0]
