"""Combines the arguments of `new` into one mapping of answers."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..reading import mapping_of
from ..template import presets, restructured
from ..template.questionnaire import (
    CONSUMES,
    DESCRIPTIONS,
    FOLDER,
    NUMBERS,
    RESOURCES,
    Answers,
    Questionnaire,
)
from . import descriptions, fields


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of `new`, as typed."""

    destination: Path | None
    presets: list[str]
    settings: list[str]
    resource: str | None
    fields: list[str]
    descriptions: list[str]
    model_file: Path | None
    answers_file: Path | None


def collect(given: Given, questionnaire: Questionnaire, root: Path, *, asking: bool) -> Answers:
    """Presets, then the answers file, then single answers: later ones win. Prompts ask for the rest."""
    problems: list[str] = []
    from_file = restructured.carried(root, _answers_file(given.answers_file, problems))
    explicit = from_file | _single_answers(given, questionnaire, problems)
    if given.destination and "service_name" not in explicit:
        explicit["service_name"] = given.destination.resolve().name
    explicit |= _model(given, questionnaire, explicit, problems)
    explicit |= _descriptions(given, explicit, problems)
    names = given.presets or [presets.DEFAULT]
    if asking and not given.presets:
        from .prompts import ask_preset

        names = [ask_preset(root)]
    from_presets = _presets(names, root, problems)
    if RESOURCES in explicit:
        # they describe other resources
        from_presets.pop(DESCRIPTIONS, None)
    for answers in (explicit, from_presets):
        # of the project whose answers these were
        answers.pop(FOLDER, None)
    if problems:
        raise UserError(*problems, *questionnaire.problems(from_presets | explicit))
    if asking:
        from .prompts import ask

        # a name alone is where the question for the resources begins
        open_ = {RESOURCES} if given.resource is not None and not given.fields else set()
        return ask(questionnaire, from_presets | explicit, fixed=explicit.keys() - open_)
    return from_presets | explicit


def _presets(names: list[str], root: Path, problems: list[str]) -> Answers:
    answers: Answers = {}
    for name in names:
        try:
            answers |= restructured.carried(root, presets.load(root, name).answers)
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
        if name.strip() == NUMBERS:
            problems.append(f"--set {NUMBERS}: is what was published, and is recorded by shipsmith alone")
        elif name.strip() == FOLDER:
            problems.append(f"--set {FOLDER}: follows from the destination. Leave it out")
        elif separator and name.strip():
            answers[name.strip()] = questionnaire.parse(name.strip(), value.strip())
        else:
            problems.append(f"--set {setting}: is not an answer. Write --set OPTION=VALUE")
    return answers


def _model(given: Given, questionnaire: Questionnaire, known: Answers, problems: list[str]) -> Answers:
    """The resources, from a file, or one of them from flags; the rest of it is as by default."""
    if given.model_file:
        if given.resource is not None or given.fields:
            problems.append(
                "--model: has all resources. Leave out --resource and --field, or put them into the file"
            )
        return _model_file(given.model_file, problems)
    if given.resource is None and not given.fields:
        return {}
    types, wrong = fields.parse(given.fields, "--field")
    problems += wrong
    if RESOURCES not in questionnaire.asked:
        earlier = {"resource": given.resource, "fields": types}
        return {name: value for name, value in earlier.items() if value}
    usual = questionnaire.default(questionnaire.questions[RESOURCES], _with_name(questionnaire, known))
    ((name, usual_types),) = usual.items()
    return {RESOURCES: {name if given.resource is None else given.resource: types or usual_types}}


def _model_file(path: Path, problems: list[str]) -> Answers:
    """A YAML mapping with `resources`, and with what else belongs to the model."""
    try:
        content = mapping_of(path)
    except UserError as error:
        problems += error.problems
        return {}
    known = {RESOURCES, DESCRIPTIONS, CONSUMES}
    if RESOURCES not in content or content.keys() - known:
        names = ", ".join(content) or "nothing"
        problems.append(
            f"{path}: has {names}. Write a mapping with `{RESOURCES}:`, `{DESCRIPTIONS}:` and `{CONSUMES}:` "
            "if you like, and nothing else"
        )
    return {name: value for name, value in content.items() if name in known}


def _descriptions(given: Given, explicit: Answers, problems: list[str]) -> Answers:
    """Those of flags, beside those that came with the resources."""
    found, wrong = descriptions.parse(given.descriptions, "--describe")
    problems += wrong
    before = explicit.get(DESCRIPTIONS, {})
    return {DESCRIPTIONS: before | found} if found and isinstance(before, dict) else {}


def _with_name(questionnaire: Questionnaire, known: Answers) -> Answers:
    """What the default of the resources follows from: the answers before, or defaults for invalid ones."""
    answers: Answers = {}
    for name, question in questionnaire.asked.items():
        if name == RESOURCES:
            break
        answers[name] = known.get(name, questionnaire.default(question, answers))
        if not isinstance(answers[name], str) or questionnaire.problem(question, answers):
            answers[name] = questionnaire.default(question, answers)
    return answers
