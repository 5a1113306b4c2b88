"""Answers to questions that a later version asks differently, as that version says in `template/_updates`.

It is data: Jinja that renders YAML, in the sandbox of all questions. Nothing in it is run.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..reading import SafeLoader, yaml_of
from .questionnaire import Answers, Questionnaire, questions_of

FILE = Path("template/_updates/answers.yml")


@dataclass(frozen=True, slots=True)
class Follow:
    """What the database of a project has to do after its answers were restructured."""

    title: str
    follows: str
    """The label of the migrations that it follows."""
    steps: list[dict[str, Any]]


def carried(root: Path, answers: Mapping[str, Any]) -> Answers:
    """`answers`, as the template at `root` asks for them now. What it still asks for is not touched."""
    questionnaire = questions_of(root)
    current = dict(answers)
    for rule in _applying(questionnaire, root, current):
        for name, text in rule["to"].items():
            current.setdefault(name, yaml_of(questionnaire.render(text, current), f"{FILE}: {name}"))
        for name in rule["from"]:
            current.pop(name, None)
    return current


def migrations(root: Path, before: Mapping[str, Any], after: Answers) -> list[Follow]:
    """What the database has to do where `before` became `after` by the rules of the template at `root`."""
    found = []
    for rule, rendered in _rendering(root, before, after):
        if migration := rule.get("migration"):
            steps = yaml_of(rendered(migration["steps"]), str(FILE)) or []
            found.append(Follow(migration["title"], rendered(migration["follows"]), steps))
    return found


def notes(root: Path, before: Mapping[str, Any], after: Answers) -> list[str]:
    """What people should know of the way from `before` to `after`."""
    texts = (rendered(rule.get("note", "")) for rule, rendered in _rendering(root, before, after))
    return [" ".join(text.split()) for text in texts if text.strip()]


def _rendering(
    root: Path, before: Mapping[str, Any], after: Answers
) -> Iterator[tuple[dict[str, Any], Callable[[str], str]]]:
    """The rules that apply, each with what renders its texts: they see earlier answers and those of now."""
    questionnaire = questions_of(root)
    rules = list(_applying(questionnaire, root, before))
    context = {**before, **questionnaire.context(after)} if rules else {}
    for rule in rules:
        yield rule, lambda text: questionnaire.render(text, context)


def _applying(
    questionnaire: Questionnaire, root: Path, answers: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The rules for questions that are answered, and not asked any longer."""
    file = root / FILE
    if file.is_file():
        for rule in yaml.load(file.read_text("utf-8"), SafeLoader):
            if all(name in answers and name not in questionnaire.asked for name in rule["from"]):
                yield rule
