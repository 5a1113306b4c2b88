"""The answer `consumes`: events of other services."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.errors import UserError
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

from ..support.command_line import shipsmith

WITH_BROKER = {"database": "sqlite", "broker": "nats"}
UPDATED = "customers.v1.customer.updated"


def problems(consumes: Any, **answers: str) -> tuple[str, ...]:
    with pytest.raises(UserError) as refused:
        questions_of(location.root()).resolve({**WITH_BROKER, **answers, "consumes": consumes})
    return refused.value.problems


INVALID: dict[str, tuple[Any, str]] = {
    "a list": ([UPDATED], "is not a mapping of events to fields"),
    "another form of type": ({"customer.updated": {}}, "Write SERVICE.VERSION.RESOURCE.CHANGE"),
    "a service with hyphens": ({"order-desk.v1.order.created": {}}, "is not the type of an event"),
    "an unknown change": ({"customers.v1.customer.moved": {}}, "is not the type of an event"),
    "no mapping of fields": ({UPDATED: ["name"]}, f"{UPDATED}: "),
    "a reference": ({UPDATED: {"boss": "ref(customer)"}}, "boss: a ref is to a resource of this"),
    "a unique field": ({UPDATED: {"email": "str unique"}}, "email: nothing about an event is unique"),
    "no type": ({UPDATED: {"name": "strng"}}, 'name: "strng" is not a type'),
    "no text as type": ({UPDATED: {"name": 7}}, f"{UPDATED} name: "),
    "a field of every event": ({UPDATED: {"version": "int"}}, "version: every resource already has"),
    "too many fields": ({UPDATED: {f"x{number}": "str" for number in range(31)}}, "has 31 fields"),
}


@pytest.mark.parametrize(("consumes", "reason"), INVALID.values(), ids=INVALID)
def test_what_is_no_event_of_another_service_is_explained(consumes: Any, reason: str) -> None:
    (problem,) = problems(consumes)
    assert problem.startswith("consumes: ")
    assert reason in problem


def test_all_problems_of_events_are_told_at_once() -> None:
    found = problems({"customer.updated": {}, UPDATED: {"name": "strng", "boss": "ref(customer)"}})
    assert len(found) == 3


def test_events_come_through_a_broker() -> None:
    (problem,) = problems({UPDATED: {}}, broker="none")
    assert problem.endswith("come through a message broker. Choose a broker, or set consumes={}")


def test_the_file_of_a_model_names_events_and_they_can_change_later(tmp_path: Path) -> None:
    model = {"resources": {"order": {"note": "text?"}}, "consumes": {UPDATED: {"name": "str"}}}
    (tmp_path / "shop.yml").write_text(yaml.safe_dump(model))
    brokered = [f"--set={name}={value}" for name, value in WITH_BROKER.items()]
    made = shipsmith("new", "shop", "--defaults", "--model", "shop.yml", *brokered, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "shop" / "src/shop/consumed"
    first = (folder / "customers_v1_customer_updated/schemas.py").read_text()
    assert "    name: str\n" in first

    more = "consumes={customers.v1.customer.updated: {name: str, email: str?}, desk.v1.note.created: {}}"
    changed = shipsmith("set", more, cwd=tmp_path / "shop")
    assert changed.returncode == 0, changed.stderr
    second = (folder / "customers_v1_customer_updated/schemas.py").read_text()
    assert second == first + "    email: str | None = None\n"
    assert (folder / "desk_v1_note_created/handler.py").is_file()
