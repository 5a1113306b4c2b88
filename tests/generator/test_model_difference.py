"""What is different between two models, and which differences are refused."""

from typing import Any

import pytest
from shipsmith.model import contract
from shipsmith.model.difference import Aspect, Kind, aspects, difference
from shipsmith.model.resources import parse
from shipsmith.model.rules import Intent, problems

from ..support.models import field, model, resource

ORDER = [field("name", 1), field("quantity", 2, "int")]


def kinds(old: Any, new: Any, renamed: dict[str, str] | None = None) -> list[tuple[Kind, str]]:
    return [(change.kind, change.where) for change in difference(old, new, renamed or {})]


def test_a_model_is_not_different_from_itself() -> None:
    assert difference(model(order=ORDER), model(order=ORDER), {}) == []


def test_fields_in_another_order_are_no_difference() -> None:
    assert difference(model(order=ORDER), model(order=ORDER[::-1]), {}) == []


def test_a_field_of_the_same_number_and_another_name_is_renamed() -> None:
    renamed = [field("title", 1), ORDER[1]]
    assert kinds(model(order=ORDER), model(order=renamed)) == [(Kind.RENAME_FIELD, "order.title")]


def test_a_field_can_be_renamed_and_changed_at_once() -> None:
    changed = [field("title", 1, optional=True), ORDER[1]]
    found = kinds(model(order=ORDER), model(order=changed))
    assert found == [(Kind.RENAME_FIELD, "order.title"), (Kind.CHANGE_FIELD, "order.title")]


def test_a_resource_that_is_renamed_keeps_its_fields() -> None:
    found = kinds(model(order=ORDER), model(purchase=ORDER), {"order": "purchase"})
    assert found == [(Kind.RENAME_RESOURCE, "purchase")]


def test_a_reference_to_a_renamed_resource_is_the_same_reference() -> None:
    old = model(order=ORDER, line=[field("order", 1, "ref", target="order")])
    new = model(purchase=ORDER, line=[field("order", 1, "ref", target="purchase")])
    assert kinds(old, new, {"order": "purchase"}) == [(Kind.RENAME_RESOURCE, "purchase")]


def test_what_is_added_comes_before_what_is_removed() -> None:
    old, new = model(order=ORDER), model(order=[field("note", 3), ORDER[0]], invoice=[field("total", 1)])
    assert kinds(old, new) == [
        (Kind.ADD_RESOURCE, "invoice"),
        (Kind.ADD_FIELD, "order.note"),
        (Kind.REMOVE_FIELD, "order.quantity"),
    ]


def test_resources_are_removed_before_those_that_they_refer_to() -> None:
    old = model(order=ORDER, line=[field("order", 1, "ref", target="order")], other=ORDER)
    assert kinds(old, model(other=ORDER)) == [(Kind.REMOVE_RESOURCE, "line"), (Kind.REMOVE_RESOURCE, "order")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"kind": "str", "maximum": 10}, {"kind": "str", "maximum": 20}, [Aspect.WIDER]),
        ({"kind": "str", "maximum": 20}, {"kind": "str", "maximum": 10}, [Aspect.NARROWER]),
        ({"kind": "str", "maximum": 20}, {"kind": "text", "maximum": 30000}, [Aspect.WIDER]),
        ({"kind": "text", "maximum": 30000}, {"kind": "str", "maximum": 20}, [Aspect.NARROWER]),
        ({"kind": "int"}, {"kind": "int", "minimum": 1}, [Aspect.NARROWER]),
        ({"kind": "int", "minimum": 1, "maximum": 5}, {"kind": "int", "minimum": 1}, [Aspect.WIDER]),
        (
            {"kind": "int", "minimum": 1, "maximum": 5},
            {"kind": "int", "minimum": 2, "maximum": 6},
            [Aspect.WIDER, Aspect.NARROWER],
        ),
        (
            {"kind": "decimal", "precision": 10, "scale": 2},
            {"kind": "decimal", "precision": 12, "scale": 2},
            [Aspect.WIDER],
        ),
        (
            {"kind": "decimal", "precision": 10, "scale": 2},
            {"kind": "decimal", "precision": 10, "scale": 4},
            [Aspect.WIDER, Aspect.NARROWER],
        ),
        ({"kind": "str"}, {"kind": "int"}, [Aspect.TYPE]),
        ({"kind": "uuid"}, {"kind": "ref", "target": "customer"}, [Aspect.REFERENCE]),
        ({"kind": "ref", "target": "customer"}, {"kind": "uuid"}, [Aspect.NO_REFERENCE]),
        ({"kind": "ref", "target": "customer"}, {"kind": "ref", "target": "shop"}, [Aspect.TYPE]),
        ({"optional": True}, {}, [Aspect.REQUIRED]),
        ({}, {"optional": True}, [Aspect.OPTIONAL]),
        ({}, {"unique": True}, [Aspect.UNIQUE]),
        ({"unique": True}, {}, [Aspect.NOT_UNIQUE]),
        (
            {"kind": "enum", "values": {"new": 1, "paid": 2}},
            {"kind": "enum", "values": {"new": 1, "sent": 3}},
            [Aspect.MORE_VALUES, Aspect.FEWER_VALUES],
        ),
    ],
)
def test_a_changed_field_is_described(
    old: dict[str, Any], new: dict[str, Any], expected: list[Aspect]
) -> None:
    before, after = (
        parse([resource("order", [field("total", 1, **each)])])["order"].fields["total"]
        for each in (old, new)
    )
    assert aspects(before, after, {}) == expected


def refused(
    old: Any,
    new: Any,
    intent: Intent | None = None,
    recorded: dict[str, Any] | None = None,
    *,
    rows: bool = True,
) -> list[str]:
    intent = intent or Intent()
    return problems(difference(old, new, intent.renamed), intent, recorded or {}, keeps_rows=rows)


def test_a_required_field_needs_a_default_where_there_are_rows() -> None:
    old, new = model(order=ORDER), model(order=[*ORDER, field("note", 3)])
    (problem,) = refused(old, new)
    assert problem.startswith("order.note: is required, and rows that exist have no value for it")
    assert "--default VALUE" in problem
    assert refused(old, new, Intent(defaults={"order.note": "none"})) == []
    assert refused(old, new, rows=False) == []


@pytest.mark.parametrize(
    ("details", "text", "says"),
    [
        ({"kind": "int", "minimum": 1, "maximum": 5}, "6", "a number from 1 to 5"),
        ({"kind": "int"}, "many", "a whole number"),
        ({"kind": "str", "minimum": 1, "maximum": 3}, "", "a text of 1 to 3 characters"),
        ({"kind": "bool"}, "yes", "true or false"),
        ({"kind": "decimal", "precision": 4, "scale": 2}, "100.00", "4 digits, 2 of them after the point"),
        ({"kind": "decimal"}, "NaN", "a decimal number"),
        ({"kind": "date"}, "31.12.2026", "a date"),
        ({"kind": "datetime"}, "2026-01-31T12:00:00", "a moment with its zone"),
        ({"kind": "uuid"}, "1", "a UUID"),
        ({"kind": "ref", "target": "customer"}, "1", "the id of a customer, a UUID"),
        ({"kind": "enum", "values": {"new": 1, "paid": 2}}, "old", "one of new, paid"),
    ],
)
def test_a_default_is_held_to_the_type(details: dict[str, Any], text: str, says: str) -> None:
    old, new = model(order=ORDER), model(order=[*ORDER, field("extra", 3, **details)])
    (problem,) = refused(old, new, Intent(defaults={"order.extra": text}))
    assert f"{text!r} is not a valid default. It takes " in problem
    assert says in problem


def test_a_unique_field_cannot_have_a_default() -> None:
    old, new = model(order=ORDER), model(order=[*ORDER, field("code", 3, unique=True)])
    (problem,) = refused(old, new, Intent(defaults={"order.code": "A"}))
    assert "the same in every row" in problem


def test_a_default_that_nothing_needs_is_refused() -> None:
    old = model(order=ORDER)
    new = model(order=[*ORDER, field("note", 3, optional=True)])
    assert "Leave out --default" in refused(old, new, Intent(defaults={"order.note": "x"}))[0]
    assert "neither added nor changed" in refused(old, old, Intent(defaults={"order.name": "x"}))[0]


def test_what_was_published_goes_only_by_the_commands_for_it() -> None:
    old, new = model(order=ORDER, line=ORDER), model(order=ORDER[:1])
    found = refused(old, new)
    assert any("shipsmith remove field order.quantity" in problem for problem in found)
    assert any("shipsmith rename field order.quantity NEW" in problem for problem in found)
    assert any("shipsmith remove resource line" in problem for problem in found)
    assert refused(old, new, Intent(removes=frozenset({"order.quantity", "line"}))) == []


def test_names_that_were_published_are_not_given_to_something_else() -> None:
    recorded = {
        "order": {
            "fields": {"name": 1, "status": 2},
            "reserved": {"note": 3},
            "reserved_values": {"status": {"sent": 2}},
        },
        "invoice": {"fields": {}, "reserved": {"total": 1}},
    }
    status = field("status", 2, "enum", values={"new": 1})
    more = field("status", 2, "enum", values={"new": 1, "sent": 3})
    old = model(order=[ORDER[0], status])
    new = model(order=[ORDER[0], more, field("note", 4, optional=True)], invoice=ORDER)
    found = refused(old, new, recorded=recorded)
    assert [problem.partition(":")[0] for problem in found] == ["invoice", "order.status", "order.note"]
    assert all("Choose another name" in problem for problem in found)


def test_a_type_that_callers_would_misread_is_refused() -> None:
    old, new = model(order=ORDER), model(order=[ORDER[0], field("quantity", 2)])
    assert refused(old, new) == [
        "order.quantity: cannot become str: callers read and write int. Add a field of another name "
        "(shipsmith add field 'order.NAME:str?'), copy the values, then remove this one: "
        "shipsmith remove field order.quantity"
    ]
    enum = model(order=[ORDER[0], field("quantity", 2, "enum", values={"few": 1, "many": 2})])
    (refusal,) = refused(old, enum)
    assert "shipsmith add field 'order.NAME:enum(few, many)?'" in refusal


def test_decimals_do_not_lose_digits() -> None:
    old = model(order=[field("total", 1, "decimal", precision=12, scale=2)])
    new = model(order=[field("total", 1, "decimal", precision=10, scale=2)])
    assert "would lose digits" in refused(old, new)[0]
    assert refused(new, old) == []


def test_the_contract_says_what_callers_have_to_know() -> None:
    old = model(order=ORDER)
    new = model(order=[field("title", 1), field("note", 3)], invoice=[field("total", 1)])
    lines = contract.lines(difference(old, new, {}), Intent())
    assert lines == [
        "invoice: new, with total = 1",
        "order.title: was name, and keeps the number 1; in JSON it has the new name",
        "order.note: new, with the number 3; callers have to send it",
        "order.quantity: removed, and 2 is reserved; its values are lost when the migration that drops them "
        "is applied",
    ]


FIXED = field("customer", 2, "ref", target="customer", fixed=True)
CUSTOMER = [field("name", 1)]


def test_rows_that_exist_are_not_kept_with_something_else() -> None:
    """Their ids say where they are."""
    uuid = field("customer", 2, "uuid")
    for before in ([], [uuid], [field("customer", 2, "ref", target="customer")]):
        old = model(customer=CUSTOMER, order=[ORDER[0], *before])
        new = model(customer=CUSTOMER, order=[ORDER[0], FIXED])
        [problem] = problems(difference(old, new, {}), Intent(), {}, keeps_rows=True)
        assert problem.startswith("order.customer: the ids of rows that exist do not end as those")
        assert problems(difference(old, new, {}), Intent(), {}, keeps_rows=False) == []


def test_rows_that_are_kept_with_something_stay_with_it() -> None:
    removed = Intent(removes=frozenset({"order.customer"}))
    uuid, other = field("customer", 2, "uuid"), field("customer", 2, "ref", target="shop", fixed=True)
    for after in ([uuid], [other], []):
        old = model(customer=CUSTOMER, shop=CUSTOMER, order=[ORDER[0], FIXED])
        new = model(customer=CUSTOMER, shop=CUSTOMER, order=[ORDER[0], *after])
        [problem] = problems(difference(old, new, {}), removed, {}, keeps_rows=True)
        assert problem.startswith("order.customer: rows are kept with what this refers to")


def test_what_is_kept_together_may_be_renamed_or_unique_and_go() -> None:
    old = model(customer=CUSTOMER, order=[ORDER[0], FIXED])
    unique = field("buyer", 2, "ref", target="buyer", fixed=True, unique=True)
    new = model(buyer=CUSTOMER, order=[ORDER[0], unique])
    renamed = {"customer": "buyer"}
    assert problems(difference(old, new, renamed), Intent(renamed=renamed), {}, keeps_rows=True) == []
    gone = Intent(removes=frozenset({"order"}))
    assert problems(difference(old, model(customer=CUSTOMER), {}), gone, {}, keeps_rows=True) == []
    assert problems(difference(model(customer=CUSTOMER), old, {}), Intent(), {}, keeps_rows=True) == []
