"""The model: which types there are, what is wrong with others, and what follows from a valid one."""

from typing import Any

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

questionnaire = questions_of(location.root())

CUSTOMER = {"name": "str(1..100)", "email": "str unique"}
ORDER = {"customer": "ref(customer)", "status": "enum(new, paid)", "total": "decimal(12,2)", "note": "text?"}
INVALID_TYPES = {
    "String?": "Did you mean str?",
    "fk": "Did you mean ref(customer)?",
    "colour": "is not a type. Use one of str",
    "str??": "Did you mean str?",
    "str unique?": "Did you mean str? unique?",
    "bool(1)": "Write bool",
    "str(100)": "Write str(..100)",
    "str(9..1)": "Write str(1..9)",
    "str(0..40000)": "from 0 to 30000 characters",
    "str(2000..)": "Give an upper bound as well",
    "int(1-5)": "Write int(1..5)",
    "int(0..99999999999999999999)": "outside 64 bits",
    "decimal(9)": "Write decimal(9,2)",
    "decimal(2,12)": "Write decimal(12,2)",
    "decimal(60,2)": "Write decimal(38,2)",
    "enum()": "Write enum(new, paid)",
    "enum(In Transit)": "such as in_transit",
    "enum(new, new)": "Write enum(new)",
    "enum(unspecified)": "such as unknown",
    "ref(customers)": "Did you mean ref(customer)?",
    "ref(thing)": "Write ref(customer) or ref(order)",
    "ref(order)": "Write ref(order)?",
    "text unique": "cannot be unique",
    "str(1..600) unique": "Write str(1..500) unique",
    "int(-3..5)? unique": "int(-3..5) has 9. Write int(-3..996)? unique",
    "int(1..999) unique": "Write int(1..1000) unique",
}
INVALID_MODELS: dict[str, tuple[Any, str]] = {
    "a list": (["order"], "is not a mapping of resources"),
    "a cycle": ({"a_one": {"to": "ref(b_one)"}, "b_one": {"to": "ref(a_one)?"}}, "in a circle"),
    "a plural that is a name": ({"order": {"a": "str"}, "orders": {"a": "str"}}, "also a name of orders"),
    "a name of the contract": ({"order": {"a": "str"}, "order_fields": {"a": "str"}}, "something of order"),
    "a folder of the code": ({"migration": {"a": "str"}}, "would have the folder migrations"),
    "two constants that read the same": (
        {"order": {"state": "enum(a_b)", "state_a": "enum(b)"}},
        "read the same in the gRPC contract",
    ),
    "a parameter of lists": ({"order": {"limit": "int unique"}}, "have a parameter of that name"),
}


def problems(resources: Any, numbers: Any = None) -> str:
    try:
        questionnaire.resolve({"resources": resources, "numbers": numbers or {}})
    except UserError as error:
        return str(error)
    return ""


def model(resources: Any, numbers: Any = None) -> dict[str, Any]:
    """The resources by their names, in the order in which templates see them."""
    answers = questionnaire.resolve({"resources": resources, "numbers": numbers or {}})
    return {each["name"]: each for each in questionnaire.context(answers)["model"]}


def field(type_: str) -> dict[str, Any]:
    described: dict[str, Any] = model({"order": {"it": type_}, "customer": CUSTOMER})["order"]["fields"][0]
    return described


@pytest.mark.parametrize(("type_", "reason"), INVALID_TYPES.items())
def test_an_invalid_type_is_explained_by_its_field_with_a_valid_form(type_: str, reason: str) -> None:
    said = problems({"customer": CUSTOMER, "order": {"it": type_}})
    assert "order.it: " in said
    assert reason in said


@pytest.mark.parametrize(("resources", "reason"), INVALID_MODELS.values(), ids=INVALID_MODELS)
def test_an_invalid_model_is_explained(resources: Any, reason: str) -> None:
    assert reason in problems(resources)


def test_all_problems_of_all_resources_are_told_at_once() -> None:
    said = problems({"order": {"id": "uuid", "it": "colour"}, "class": {"it": "ref(nothing)"}})
    for part in ("order.id: ", "order.it: ", '"class" is a keyword', "class.it: "):
        assert part in said


def test_spaces_and_left_out_bounds_do_not_matter() -> None:
    assert problems({"order": {"a": " str( ..9 )?  unique ", "b": "int(-3..)", "c": "float(..1.5)"}}) == ""


@pytest.mark.parametrize(
    ("type_", "low", "high"),
    [
        ("str", 1, 1000),
        ("str unique", 1, 500),
        ("str(..9)", 1, 9),
        ("str(3..)", 3, 1000),
        ("text", 0, 30000),
        ("int", None, None),
        ("int(-3..)", -3, None),
        ("float(0..1.5)", 0, 1.5),
    ],
)
def test_bounds_are_numbers(type_: str, low: object, high: object) -> None:
    described = field(type_)
    assert (described["minimum"], described["maximum"]) == (low, high)


def test_a_decimal_has_a_precision_and_a_scale() -> None:
    for type_, expected in (("decimal", (18, 6)), ("decimal(12,2)", (12, 2))):
        described = field(type_)
        assert (described["precision"], described["scale"]) == expected


def test_lists_filter_by_references_enums_and_unique_fields() -> None:
    kinds = ("ref(customer)", "enum(new)", "int unique", "int", "text")
    assert [field(kind)["filter"] for kind in kinds] == [True, True, True, False, False]


def test_a_resource_comes_after_those_to_which_it_refers() -> None:
    line = {"order": "ref(order)", "follows": "ref(order_line)?"}
    found = model({"order_line": line, "order": ORDER, "customer": CUSTOMER})
    assert list(found) == ["customer", "order", "order_line"]
    names = {key: found["order_line"][key] for key in ("plural", "Name", "Names", "path")}
    assert names == {
        "plural": "order_lines",
        "Name": "OrderLine",
        "Names": "OrderLines",
        "path": "order-lines",
    }


def test_numbers_follow_the_order_of_the_model() -> None:
    found = model({"order": ORDER, "customer": CUSTOMER})["order"]["fields"]
    assert [each["number"] for each in found] == [1, 2, 3, 4]
    assert found[1]["values"] == [{"name": "new", "number": 1}, {"name": "paid", "number": 2}]


def test_recorded_numbers_stay_and_new_ones_were_never_used() -> None:
    recorded = {
        "fields": {"note": 2, "status": 4},
        "reserved": {"remark": 7},
        "values": {"status": {"paid": 3}},
        "reserved_values": {"status": {"lost": 5}},
    }
    order = model({"order": ORDER, "customer": CUSTOMER}, {"order": recorded})["order"]
    numbers = {each["name"]: each["number"] for each in order["fields"]}
    assert numbers == {"customer": 8, "status": 4, "total": 9, "note": 2}
    assert order["fields"][1]["values"] == [{"name": "new", "number": 6}, {"name": "paid", "number": 3}]
    assert order["reserved"] == {"names": ["remark"], "numbers": [7]}
    assert order["reserved_values"] == {"status": {"names": ["lost"], "numbers": [5]}}


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([1], "is not a mapping of resources to numbers"),
        ({"order": {"fields": {"note": 1, "total": 1}}}, "has a number twice"),
        ({"order": {"fields": {"note": 1}, "reserved": {"remark": 1}}}, "has a number twice"),
        ({"order": {"fields": {"note": 0}}}, "not from 1 to 18999"),
        ({"order": {"fields": {"note": "one"}}}, "is not a mapping of names to numbers"),
    ],
)
def test_invalid_numbers_are_explained(numbers: Any, reason: str) -> None:
    assert reason in problems({"order": ORDER, "customer": CUSTOMER}, numbers)
