"""Numbers of the contract: what was published keeps its own, and no other ever gets it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from shipsmith.model.numbers import renumbered
from shipsmith.model.resources import Model

from ..support.models import field, model


def numbered(old: Model, recorded: dict[str, Any], new: Model, **renamed: str) -> dict[str, Any]:
    return renumbered(old, recorded, new, renamed, {})


def test_new_fields_come_after_every_number_that_was_ever_given() -> None:
    old = model(order=[field("a", 1), field("b", 4)])
    recorded = {"order": {"fields": {"a": 1, "b": 4}, "reserved": {"c": 7}}}
    new = model(order=[field("d", 0), field("a", 0), field("b", 0)])
    numbers = numbered(old, recorded, new)
    assert numbers["order"]["fields"] == {"d": 8, "a": 1, "b": 4}
    assert numbers["order"]["reserved"] == {"c": 7}


def test_the_number_of_a_removed_field_is_reserved() -> None:
    old = model(order=[field("a", 1), field("b", 2), field("c", 3)])
    numbers = numbered(old, {}, model(order=[field("a", 0), field("c", 0)]))
    assert numbers["order"] == {
        "fields": {"a": 1, "c": 3},
        "values": {},
        "reserved": {"b": 2},
        "reserved_values": {},
    }


def test_a_renamed_field_keeps_its_number_and_those_of_its_values() -> None:
    old = model(order=[field("a", 1), field("state", 2, "enum", values={"new": 1, "old": 2})])
    recorded = {"order": {"reserved_values": {"state": {"lost": 3}}}}
    new = model(order=[field("a", 0), field("status", 0, "enum", values={"new": 0, "sent": 0})])
    numbers = renumbered(old, recorded, new, {}, {"order.state": "status"})
    assert numbers["order"]["fields"] == {"a": 1, "status": 2}
    assert numbers["order"]["values"] == {"status": {"new": 1, "sent": 4}}
    assert numbers["order"]["reserved_values"] == {"status": {"lost": 3, "old": 2}}
    assert numbers["order"]["reserved"] == {}


def test_a_renamed_resource_takes_its_numbers_with_it() -> None:
    old = model(order=[field("a", 3)])
    recorded = {"order": {"fields": {"a": 3}, "reserved": {"b": 1}}}
    numbers = numbered(old, recorded, model(purchase=[field("a", 0)]), order="purchase")
    assert numbers == {
        "purchase": {"fields": {"a": 3}, "values": {}, "reserved": {"b": 1}, "reserved_values": {}}
    }


def test_what_a_removed_resource_published_stays_recorded() -> None:
    old = model(order=[field("a", 1)], line=[field("x", 1), field("y", 5)])
    numbers = numbered(old, {"line": {"reserved": {"z": 2}}}, model(order=[field("a", 0)]))
    assert numbers["line"] == {
        "fields": {},
        "values": {},
        "reserved": {"z": 2, "x": 1, "y": 5},
        "reserved_values": {},
    }
    again = numbered(model(order=[field("a", 1)]), numbers, model(order=[field("a", 0)]))
    assert again["line"] == numbers["line"]


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=2, max_size=12))
def test_no_number_has_two_names_however_fields_come_and_go(history: list[set[str]]) -> None:
    names: dict[int, str] = {}
    current = model(order=[field(name, number) for number, name in enumerate(sorted(history[0]), 1)])
    recorded: dict[str, Any] = {}
    gone: set[str] = set()
    for wanted in history[1:]:
        before = set(current["order"].fields)
        kept = [name for name in [*current["order"].fields, *sorted(wanted - before)] if name in wanted]
        # a name that went does not come back
        kept = [name for name in kept if name not in gone] or ["z"]
        gone |= before - set(kept)
        recorded = numbered(current, recorded, model(order=[field(name, 0) for name in kept]))
        fields = recorded["order"]["fields"]
        for name, number in (fields | recorded["order"]["reserved"]).items():
            assert names.setdefault(number, name) == name
        current = model(order=[field(name, fields[name]) for name in kept])
