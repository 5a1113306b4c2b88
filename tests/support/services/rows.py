"""The rows of the test matrix: every preset, every value, and pairs of values of any two options."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from covertable import make as covering_array  # type: ignore[import-untyped]
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template.questionnaire import Answers, Questionnaire, Rule

TYPES = ("str", "int", "float", "bool", "decimal", "datetime", "date", "uuid")
NEEDS = {"wanted": "", "maybe": "?"}

# names and fields of the resource: all types, words of other languages, nothing required
EVERY_TYPE: Answers = {
    "service_name": "warehouse-allocations",
    "resource": "warehouse_allocation",
    "fields": {f"{kind}_{need}": kind + mark for need, mark in NEEDS.items() for kind in TYPES},
}
RESERVED_WORDS: Answers = {
    "service_name": "order-desk",
    "resource": "order",
    "fields": {"select": "str", "message": "str?", "group": "int"},
}
ALL_OPTIONAL: Answers = {"resource": "note", "fields": {"text": "str?", "rank": "float?"}}
SHAPES = (EVERY_TYPE, RESERVED_WORDS, ALL_OPTIONAL)


def matrix() -> dict[str, Answers]:
    """The rows by name. Of rows with the same answers, the first is kept."""
    questionnaire = Questionnaire(source.root())
    named = {**_presets(), **dict(_singles(questionnaire)), **dict(_pairs(questionnaire))}
    rows: dict[str, Answers] = {}
    for name, answers in named.items():
        complete = questionnaire.resolve(answers)
        if complete not in rows.values():
            rows[name] = complete
    return rows


def _presets() -> dict[str, Answers]:
    return {name: preset.answers for name, preset in presets.shipped(source.root()).items()}


def _singles(questionnaire: Questionnaire) -> Iterator[tuple[str, Answers]]:
    """Each value of each option alone, on top of the smallest service."""
    smallest = _presets()["minimal"]
    rules = questionnaire.rules()
    for option in questionnaire.options.values():
        for value in option.values:
            answers = fulfil(smallest | {option.name: value}, option.name, questionnaire, rules)
            yield f"{option.name}={_text(value)}", answers


def fulfil(answers: Answers, keep: str, questionnaire: Questionnaire, rules: list[Rule]) -> Answers:
    """The answers, with values that exclude the one to keep replaced by the first that the rules allow."""
    for rule in rules:
        if keep in rule.values and rule.values.items() <= answers.items():
            (other,) = rule.values.keys() - {keep}
            values = questionnaire.options[other].values
            answers = answers | {other: next(value for value in values if value != rule.values[other])}
    return answers


def _pairs(questionnaire: Questionnaire) -> Iterator[tuple[str, Answers]]:
    """Rows with every allowed pair of values of two options. The shapes alternate for each database."""
    values = {option.name: list(option.values) for option in questionnaire.options.values()}
    turns: Counter[Any] = Counter()
    for row in covering_array(values, constraints=[_excluded(rule) for rule in questionnaire.rules()]):
        shape = SHAPES[turns[row["database"]] % len(SHAPES)]
        turns[row["database"]] += 1
        yield "pairs:" + ",".join(_text(row[name]) for name in values), {**row, **shape}


def _excluded(rule: Rule) -> dict[str, Any]:
    differs = [{"operator": "ne", "left": name, "value": value} for name, value in rule.values.items()]
    return {"operator": "or", "conditions": differs}


def _text(value: Any) -> str:
    return str(value).lower()
