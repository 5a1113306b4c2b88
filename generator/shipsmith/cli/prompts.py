"""The prompts of commands. Imported only for prompts, because questionary loads slowly."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import questionary

from ..model.descriptions import followed
from ..model.rules import AS_ANSWERED
from ..template import presets
from ..template.questionnaire import (
    CLIENTS,
    CONSUMES,
    DESCRIPTIONS,
    FOLDER,
    NUMBERS,
    OBJECTIVES,
    RESOURCES,
    Answers,
    Question,
    Questionnaire,
)
from . import fields, model_prompts

NAMES = ("service_name", "resource", "fields", RESOURCES)
"""What is always asked: one resource and its fields by early versions, several by later ones."""


def ask_preset(root: Path) -> str:
    kits = [
        questionary.Choice(f"{preset.name}: {preset.description}", preset.name)
        for preset in presets.shipped(root).values()
    ]
    return str(questionary.select("Which starter kit?", kits, default=presets.DEFAULT).unsafe_ask())


def ask(questionnaire: Questionnaire, given: Mapping[str, Any], fixed: set[str]) -> Answers:
    """Ask for the names and, if the user wants to, for everything that is not `fixed`."""
    answers, settled = dict(given), set(fixed)
    for name in NAMES:
        if name not in fixed and name in questionnaire.asked:
            answers[name] = _ask(questionnaire, questionnaire.questions[name], answers, settled)
    if DESCRIPTIONS in answers and DESCRIPTIONS not in fixed:
        answers[DESCRIPTIONS] = followed(answers[DESCRIPTIONS], answers[RESOURCES], AS_ANSWERED)
    if questionary.confirm("Customise the remaining answers?", False).unsafe_ask():
        for name, question in questionnaire.asked.items():
            if name not in (*fixed, *NAMES, FOLDER, NUMBERS, CONSUMES, CLIENTS, *OBJECTIVES):
                answers[name] = _ask(questionnaire, question, answers, settled)
                settled.add(name)
    return answers


def ask_new(questionnaire: Questionnaire, known: Answers) -> Answers:
    """Ask the questions that a newer version adds."""
    answers = {name: value for name, value in known.items() if name in questionnaire.asked}
    known = {**known, FOLDER: "", NUMBERS: {}, DESCRIPTIONS: {}, CONSUMES: {}, CLIENTS: {}}
    unasked = {*known, *OBJECTIVES}
    new = [question for name, question in questionnaire.asked.items() if name not in unasked]
    for question in new:
        answers[question.name] = _ask(questionnaire, question, answers, set(answers))
    return {question.name: answers[question.name] for question in new}


def confirm(summary: str, question: str = "Create it?") -> bool:
    return bool(questionary.confirm(f"{summary}\n{question}", True).unsafe_ask())


def _ask(questionnaire: Questionnaire, question: Question, answers: Answers, settled: set[str]) -> Any:
    default = answers.get(question.name, _default(questionnaire, question, answers))
    if question.is_option:
        completed = _completed(questionnaire, answers)
        return _ask_option(questionnaire, question, completed, default, settled)
    if question.name == RESOURCES:
        return model_prompts.ask(
            default, lambda resources: _problem(questionnaire, question, answers | {RESOURCES: resources})
        )
    if question.name == DESCRIPTIONS:
        return model_prompts.ask_descriptions(
            answers[RESOURCES],
            default,
            lambda texts: _problem(questionnaire, question, answers | {DESCRIPTIONS: texts}),
        )
    if question.type == "yaml":
        return _ask_fields(questionnaire, question, answers, default)

    def validate(text: str) -> bool | str:
        return _problem(questionnaire, question, answers | {question.name: text}) or True

    return questionary.text(question.help, str(default), validate=validate).unsafe_ask()


def _ask_option(
    questionnaire: Questionnaire, question: Question, answers: Answers, default: Any, settled: set[str]
) -> Any:
    """One of the values that fit the `settled` answers. The others are shown with the reason."""
    name = question.name
    problems = {
        value: questionnaire.broken(answers | {name: value}, settled | {name}) for value in question.values
    }
    # whatever is chosen here, some problems stay
    others = set.intersection(*map(set, problems.values()))
    refused = {
        value: "; ".join(each for each in found if each not in others) for value, found in problems.items()
    }
    possible = [value for value, reason in refused.items() if not reason]
    if len(possible) == 1:
        return possible[0]
    if default not in possible:
        default = possible[0]
    if question.type == "bool":
        return questionary.confirm(question.help, default).unsafe_ask()
    choices = [
        questionary.Choice(value, disabled=None if value in possible else reason)
        for value, reason in refused.items()
    ]
    return questionary.select(question.help, choices, default=default).unsafe_ask()


def _ask_fields(
    questionnaire: Questionnaire, question: Question, answers: Answers, default: dict[str, str]
) -> dict[str, str]:
    """Fields on one line: `name: str, total: decimal?`."""

    def validate(text: str) -> bool | str:
        parsed, problems = fields.parse(fields.split(text))
        problems = problems or [_problem(questionnaire, question, answers | {question.name: parsed})]
        return "; ".join(problems) or True

    line = fields.joined(default)
    text = questionary.text("Its fields, as name: type, …", line, validate=validate).unsafe_ask()
    return fields.parse(fields.split(text))[0]


def _default(questionnaire: Questionnaire, question: Question, answers: Answers) -> Any:
    return questionnaire.default(question, _completed(questionnaire, answers))


def _completed(questionnaire: Questionnaire, answers: Answers) -> Answers:
    completed: Answers = {}
    for name, question in questionnaire.asked.items():
        completed[name] = answers[name] if name in answers else questionnaire.default(question, completed)
    return completed


def _problem(questionnaire: Questionnaire, question: Question, answers: Answers) -> str:
    return questionnaire.problem(question, _completed(questionnaire, answers))
