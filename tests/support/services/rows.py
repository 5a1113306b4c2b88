"""The rows of the test matrix: every preset, every value, and pairs of values of any two options."""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from covertable import make as covering_array  # type: ignore[import-untyped]
from shipsmith.template import location as source
from shipsmith.template import presets
from shipsmith.template.questionnaire import NOTHING, Answers, Questionnaire, Rule, questions_of

TYPES = (
    *("str", "text", "int", "float", "bool", "decimal", "datetime", "date", "uuid"),
    *("str(1..100)", "int(1..1000)", "float(0..5)", "decimal(12,2)", "enum(planned, shipped)"),
)
NEEDS = {"wanted": "", "maybe": "?"}

NOTE = {"text": "str?", "rank": "float?", "returning": "bool?", "lateral": "int? unique"}
ORDER = {"select": "str(2..2) unique", "message": "text?", "group": "int", "table": "enum(from, where)?"}
PRODUCT = {
    "order": "ref(order)",
    "leaflet": "ref(note)? unique",
    "sku": "int(1..999999) unique",
    "shelf": "int(..-1)? unique",
    "code": "str unique",
    "listed_at": "datetime unique",
    "released_on": "date? unique",
    "serial": "uuid unique",
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
CONSUMED: Answers = {
    "consumes": {
        "orders.v1.order.deleted": {},
        "order_desk.v1.order.created": {
            f"kind{number}_{need}": kind + mark
            for need, mark in NEEDS.items()
            for number, kind in enumerate(TYPES)
        },
    }
}
"""Events of other services, for a service with a broker: without fields, and with one of every type."""
CLIENTS: Answers = {"clients": {"warehouse-stock": "grpc", "billing-desk": "http"}}
"""Services that those of four resources call, one over each protocol."""
BEGINNING = "59"
"""Where the making of the covering array begins. It decides how many rows there are: this gave the fewest."""

Meeting = frozenset[tuple[str, Any]]
"""Values of options that are in one row: one, or two."""


def matrix() -> dict[str, Answers]:
    """The rows by name. Of rows with the same answers, the first is kept."""
    questionnaire = questions_of(source.root())
    rows: dict[str, Answers] = {}
    for name, answers in (*_presets().items(), *_singles(questionnaire)):
        complete = questionnaire.resolve(answers)
        if complete not in rows.values():
            rows[name] = complete
    pairs = _pairs(questionnaire, rows.values())
    return rows | {name: questionnaire.resolve(answers) for name, answers in pairs}


def _presets() -> dict[str, Answers]:
    return {name: preset.answers for name, preset in presets.shipped(source.root()).items()}


def _singles(questionnaire: Questionnaire) -> Iterator[tuple[str, Answers]]:
    """Each value of each option alone, on top of the smallest service."""
    smallest = _presets()["minimal"]
    rules = questionnaire.rules
    for option in questionnaire.options.values():
        for value in option.values:
            answers = fulfil(smallest | {option.name: value}, option.name, questionnaire, rules)
            yield f"{option.name}={_text(value)}", answers


def kept_together(answers: Answers) -> Answers:
    """Without rules about other rows that no database guarantees for those of another one.

    Of the references of each resource, the one that is required stays: by that, rows are kept together.
    """
    return answers | {
        "resources": {
            name: {
                field: kind
                if re.fullmatch(r"ref\(\w+\)", kind)
                else re.sub(r"ref\(\w+\)", "uuid", kind).removesuffix(" unique")
                for field, kind in fields.items()
            }
            for name, fields in answers["resources"].items()
        }
    }


def fulfil(answers: Answers, keep: str, questionnaire: Questionnaire, rules: list[Rule]) -> Answers:
    """The answers, with values that exclude the one to keep replaced by the first that the rules allow."""
    for rule in rules:
        if keep in rule.values and rule.values.items() <= answers.items():
            (other,) = rule.values.keys() - {keep}
            choices = ({**answers, other: value} for value in questionnaire.options[other].values)
            answers = next(each for each in choices if not _broken(each, {keep, other}, rules))
    return answers


def _broken(answers: Answers, options: set[str], rules: list[Rule]) -> bool:
    """Whether the answers to these options exclude each other."""
    return any(rule.values.keys() == options and rule.values.items() <= answers.items() for rule in rules)


def with_four_resources(row: Answers) -> Answers:
    """The same choices, for a model with everything in it, a service that is called, and events of others."""
    events = CONSUMED if row["broker"] != "none" else {}
    four = kept_together(FOUR) if row["shards"] else FOUR
    return {**row, **four, **events, **CLIENTS}


def _pairs(questionnaire: Questionnaire, others: Iterable[Answers]) -> Iterator[tuple[str, Answers]]:
    """Rows with each pair of values of two options that is not in one of the other rows.

    Each value is in one of them with four resources; the others have the smallest model.
    """
    values = {option.name: list(option.values) for option in questionnaire.options.values()}
    constraints = [_excluded(rule) for rule in questionnaire.rules]
    met = set().union(*(_meetings({name: row[name] for name in values}) for row in others))
    array = _needed(covering_array(values, constraints=constraints, salt=BEGINNING), met)
    largest = _with_each_value(array)
    for row in array:
        name = "pairs:" + ",".join(_text(row[name]) for name in values)
        yield name, with_four_resources(row) if row in largest else row


def _with_each_value(rows: list[Answers]) -> list[Answers]:
    """Few of the rows, in which each value of theirs is: always the one that has most of the others."""
    chosen: list[Answers] = []
    missing = {value for row in rows for value in row.items()}
    while missing:
        chosen.append(max(rows, key=lambda row: len(missing & row.items())))
        missing -= chosen[-1].items()
    return chosen


def _needed(rows: list[Answers], met: set[Meeting]) -> list[Answers]:
    """The rows without those that add nothing to the others, or to what others have `met` already."""
    wanted = {each for row in rows for each in _meetings(row) if each not in met or len(each) == 1}
    for row in sorted(rows, key=lambda row: sum(value not in NOTHING for value in row.values())):
        rest = [other for other in rows if other is not row]
        if wanted <= set().union(*map(_meetings, rest)):
            rows = rest
    return rows


def _meetings(row: Answers) -> set[Meeting]:
    """Its values, by themselves and in pairs."""
    return {frozenset(each) for size in (1, 2) for each in combinations(row.items(), size)}


def _excluded(rule: Rule) -> dict[str, Any]:
    differs = [{"operator": "ne", "left": name, "value": value} for name, value in rule.values.items()]
    return {"operator": "or", "conditions": differs}


def _text(value: Any) -> str:
    return str(value).lower()
