"""Combines the arguments of `new` into one mapping of answers."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..reading import mapping_of
from ..template import presets
from ..template.questionnaire import Answers, Questionnaire
from . import fields


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of `new`, as typed."""

    destination: Path | None
    presets: list[str]
    settings: list[str]
    resource: str | None
    fields: list[str]
    answers_file: Path | None


def collect(given: Given, questionnaire: Questionnaire, root: Path, *, asking: bool) -> Answers:
    """Presets, then the answers file, then single answers: later ones win. Prompts ask for the rest."""
    problems: list[str] = []
    explicit = _answers_file(given.answers_file, problems) | _single_answers(given, questionnaire, problems)
    if given.destination and "service_name" not in explicit:
        explicit["service_name"] = given.destination.resolve().name
    names = given.presets or [presets.DEFAULT]
    if asking and not given.presets:
        from .prompts import ask_preset

        names = [ask_preset(root)]
    from_presets = _presets(names, root, problems)
    if problems:
        raise UserError(*problems, *questionnaire.problems(from_presets | explicit))
    if asking:
        from .prompts import ask

        return ask(questionnaire, from_presets | explicit, fixed=set(explicit))
    return from_presets | explicit


def _presets(names: list[str], root: Path, problems: list[str]) -> Answers:
    answers: Answers = {}
    for name in names:
        try:
            answers |= presets.load(root, name).answers
        except UserError as error:
            problems += error.problems
    return answers


def _answers_file(path: Path | None, problems: list[str]) -> Answers:
    """A YAML mapping, such as another project's .copier-answers.yml, without the keys that copier adds."""
    if not path:
        return {}
    try:
        content = mapping_of(path)
    except UserError as error:
        problems += error.problems
        return {}
    return {name: value for name, value in content.items() if not str(name).startswith("_")}


def _single_answers(given: Given, questionnaire: Questionnaire, problems: list[str]) -> Answers:
    answers: Answers = {}
    for setting in given.settings:
        name, separator, value = setting.partition("=")
        if separator and name.strip():
            answers[name.strip()] = questionnaire.parse(name.strip(), value.strip())
        else:
            problems.append(f"--set {setting}: is not an answer. Write --set OPTION=VALUE")
    if given.resource is not None:
        answers["resource"] = given.resource
    if given.fields:
        answers["fields"], wrong = fields.parse(given.fields, "--field")
        problems += wrong
    return answers
