"""Answers to questions that a later version asks differently, as that version says in `template/_updates`.

It is data: Jinja that renders YAML, in the sandbox of all questions. Nothing in it is run.
"""

from collections.abc import Iterator, Mapping
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
    questionnaire = questions_of(root)
    rules = [rule for rule in _applying(questionnaire, root, before) if "migration" in rule]
    context = questionnaire.context(after) if rules else {}
    return [
        Follow(
            each["title"],
            questionnaire.render(each["follows"], context),
            yaml_of(questionnaire.render(each["steps"], context), str(FILE)),
        )
        for each in (rule["migration"] for rule in rules)
    ]


def _applying(
    questionnaire: Questionnaire, root: Path, answers: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The rules for questions that are answered, and not asked any longer."""
    file = root / FILE
    if file.is_file():
        for rule in yaml.load(file.read_text("utf-8"), SafeLoader):
            if all(name in answers and name not in questionnaire.asked for name in rule["from"]):
                yield rule
