"""The rows of the test matrix: every preset, every value, and pairs of values of any two options."""

from collections.abc import Iterator
from typing import Any

from covertable import make as covering_array  # type: ignore[import-untyped]
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template.questionnaire import Answers, Questionnaire, Rule

TYPES = (
    *("str", "text", "int", "float", "bool", "decimal", "datetime", "date", "uuid"),
    *("str(1..100)", "int(1..1000)", "float(0..5)", "decimal(12,2)", "enum(planned, shipped)"),
)
NEEDS = {"wanted": "", "maybe": "?"}

NOTE = {"text": "str?", "rank": "float?"}
ORDER = {"select": "str(2..8) unique", "message": "text?", "group": "int", "table": "enum(from, where)?"}
PRODUCT = {
    "order": "ref(order)",
    "sku": "int(1..999999) unique",
    "code": "str unique",
    "listed_at": "datetime unique",
    "released_on": "date? unique",
    "serial": "uuid unique",
    "leaflet": "ref(note)? unique",
    "replaces": "ref(product)?",
}
ALLOCATION = {
    **{
        f"kind{number}_{need}": kind + mark
        for need, mark in NEEDS.items()
        for number, kind in enumerate(TYPES)
    },
    "product": "ref(product)",
    "note": "ref(note)?",
}
FOUR: Answers = {
    "service_name": "warehouse-allocations",
    "resources": {"note": NOTE, "order": ORDER, "product": PRODUCT, "warehouse_allocation": ALLOCATION},
    "descriptions": {
        "order": "What a customer buys at once.",
        "order.select": "The code by which people look for it.",
        "order.table": "Where it is eaten.",
        "product.replaces": "The one that was sold before.",
    },
}
"""Two levels of references, every type that there is, words of other languages, nothing required."""


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
    """Rows with every allowed pair of values of two options."""
    values = {option.name: list(option.values) for option in questionnaire.options.values()}
    for row in covering_array(values, constraints=[_excluded(rule) for rule in questionnaire.rules()]):
        yield "pairs:" + ",".join(_text(row[name]) for name in values), {**row, **FOUR}


def _excluded(rule: Rule) -> dict[str, Any]:
    differs = [{"operator": "ne", "left": name, "value": value} for name, value in rule.values.items()]
    return {"operator": "or", "conditions": differs}


def _text(value: Any) -> str:
    return str(value).lower()
