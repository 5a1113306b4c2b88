"""Parses the arguments of `add`, `remove` and `set` into answers."""

from collections.abc import Iterable
from typing import Any

from ..errors import UserError, nearest
from ..project.history import Earlier
from ..template.questionnaire import NOTHING, NUMBERS, Answers, Question, Questionnaire
from ..template.values import shown


def to_add(words: Iterable[str], questionnaire: Questionnaire) -> Answers:
    """`redis` means cache=redis, `grpc` means grpc=true. Raises UserError with all problems."""
    answers: Answers = {}
    problems = []
    for word in words:
        found = _pairs(word, questionnaire)
        if len(found) == 1:
            name, value = found[0]
            if answers.setdefault(name, value) != value:
                problems.append(
                    f"{word}: {name} is {shown(answers[name])} already, and can have only one value"
                )
        else:
            problems.append(_unclear(word, found, questionnaire, "add"))
    if problems:
        raise UserError(*problems)
    return answers


def to_remove(
    words: Iterable[str], questionnaire: Questionnaire, current: Answers, earlier: Earlier
) -> Answers:
    """The new values: what each option was before the choice, or none, or false, or else its default."""
    answers, problems = {}, []
    for word in words:
        found = _pairs(word, questionnaire)
        chosen = [(name, value) for name, value in found if current[name] == value]
        if len(chosen) == 1:
            name, value = chosen[0]
            answers[name] = _without(questionnaire.options[name], questionnaire, current, earlier(name))
            if answers[name] == value:
                problems.append(_cannot_go(word, questionnaire.options[name]))
        elif found:
            have = ", ".join(f"{name}={shown(current[name])}" for name, _ in found)
            problems.append(f"{word}: is not selected: {have}. `shipsmith status` shows the answers")
        else:
            problems.append(_unclear(word, found, questionnaire, "remove"))
    if problems:
        raise UserError(*problems)
    return answers


def notes_of_removal(questionnaire: Questionnaire, answers: Answers) -> list[str]:
    """What users may not expect: options that have another choice now, instead of none."""
    return [
        f"{name} is {shown(value)} again, as before. For {nothing}: shipsmith set {name}={nothing}"
        for name, value in answers.items()
        if (nothing := questionnaire.options[name].nothing) and value != nothing
    ]


def to_set(settings: Iterable[str], questionnaire: Questionnaire, current: Answers) -> Answers:
    """OPTION=VALUE, for any question. Raises UserError with all problems, including invalid values."""
    answers, problems = {}, []
    for setting in settings:
        name, separator, value = (part.strip() for part in setting.partition("="))
        if name == NUMBERS:
            problems.append(f"{name}: is what was published, and is recorded by shipsmith alone")
        elif separator and name:
            answers[name] = questionnaire.parse(name, value)
        else:
            problems.append(f"{setting}: is not an answer. Write OPTION=VALUE")
    if problems:
        raise UserError(*problems, *questionnaire.problems(current | answers))
    return answers


def _pairs(word: str, questionnaire: Questionnaire) -> list[tuple[str, Any]]:
    """The options and values that a word can mean. `cache=redis` means at most one."""
    name, separator, text = word.partition("=")
    if separator:
        question = questionnaire.options.get(name)
        value = questionnaire.parse(name, text)
        return [(name, value)] if question and value in question.values else []
    return [
        (each.name, True if each.type == "bool" else word)
        for each in questionnaire.options.values()
        if (each.name == word if each.type == "bool" else word in each.choices and word not in NOTHING)
    ]


def _without(question: Question, questionnaire: Questionnaire, current: Answers, earlier: list[Any]) -> Any:
    if question.type == "bool":
        return False
    before = _before([value for value in earlier if value in question.choices], current[question.name])
    if before is not None:
        return before
    return question.nothing or questionnaire.default(question, current)


def _before(earlier: list[Any], current: Any) -> Any:
    """The value that `current` took the place of; None if it was there from the start.

    A value that comes again takes back what came after it, as `remove` does.
    """
    places: list[Any] = []
    for value in (*earlier, current):
        places = places[: places.index(value)] if value in places else places
        places.append(value)
    return places[-2] if len(places) > 1 else None


def _cannot_go(word: str, question: Question) -> str:
    others = [f"shipsmith set {question.name}={shown(each)}" for each in question.values]
    return (
        f"{word}: {question.name} needs a value, and this is its default. Choose another: {', '.join(others)}"
    )


def _unclear(word: str, found: list[tuple[str, Any]], questionnaire: Questionnaire, command: str) -> str:
    if found:
        ways = " or ".join(f"shipsmith {command} {name}={shown(value)}" for name, value in found)
        return f"{word}: is ambiguous. Write {ways}"
    option = questionnaire.options.get(word.partition("=")[0])
    if option:
        values = ", ".join(f"{option.name}={shown(value)}" for value in option.values)
        return f"{word}: is an option, not a choice. Write one of: {values}"
    words = [
        shown(value)
        for each in questionnaire.options.values()
        for value in each.choices
        if value not in NOTHING
    ]
    words += [each.name for each in questionnaire.options.values() if each.type == "bool"]
    return f"{word}: no such choice.{nearest(word, words)} `shipsmith options` lists them"
