"""Descriptions of resources and fields: which are valid, and what becomes of them when the model changes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.cli import descriptions
from shipsmith.errors import UserError
from shipsmith.model.descriptions import followed
from shipsmith.model.rules import Intent
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

from ..support.command_line import left_in, shipsmith

RESOURCES = {"customer": {"name": "str"}, "order": {"customer": "ref(customer)", "note": "text?"}}
DESCRIBED = {"customer": "Who buys.", "order": "What is bought.", "order.note": "What the customer wrote."}
INVALID: dict[str, tuple[Any, str]] = {
    "a list": (["order"], "is not a mapping of resources and fields to texts"),
    "an unknown resource": ({"ordr": "x"}, "ordr: there is no such resource"),
    "an unknown field": ({"order.note": "x", "order.nte": "x"}, "order.nte: there is no such field"),
    "what every resource has": ({"order.id": "x"}, "order.id: there is no such field"),
    "a number": ({"order": 1}, 'order: "1" is not a text'),
    "nothing": ({"order": ""}, "order: is empty. Say in one sentence"),
    "two lines": ({"order": "a\nb"}, "order: "),
    "a quote": ({"order": 'the "new" one; or not'}, "a character that some file formats misread"),
    "too much": ({"order": "x" * 201}, "order: has 201 characters. Use at most 200"),
}


@pytest.mark.parametrize(("given", "reason"), INVALID.values(), ids=INVALID)
def test_an_invalid_description_is_explained_by_its_place(given: Any, reason: str) -> None:
    with pytest.raises(UserError) as refused:
        questions_of(location.root()).resolve({"resources": RESOURCES, "descriptions": given})
    assert len(refused.value.problems) == 1
    assert reason in str(refused.value)


def test_all_problems_of_descriptions_are_told_at_once() -> None:
    given = {"ordr": "x", "order": "", "order.nte": "x"}
    with pytest.raises(UserError) as refused:
        questions_of(location.root()).resolve({"resources": RESOURCES, "descriptions": given})
    assert [each.split(": ")[1] for each in refused.value.problems] == list(given)


def test_descriptions_go_with_what_is_renamed() -> None:
    renamed = {"customer": {"name": "str"}, "purchase": {"customer": "ref(customer)", "note": "text?"}}
    assert followed(DESCRIBED, renamed, Intent(renamed={"order": "purchase"})) == {
        "customer": "Who buys.",
        "purchase": "What is bought.",
        "purchase.note": "What the customer wrote.",
    }
    remark = {"customer": {"name": "str"}, "order": {"customer": "ref(customer)", "remark": "text?"}}
    assert followed(DESCRIBED, remark, Intent(renamed_fields={"order.note": "remark"})) == {
        "customer": "Who buys.",
        "order": "What is bought.",
        "order.remark": "What the customer wrote.",
    }


def test_descriptions_of_what_is_removed_are_removed() -> None:
    assert followed(DESCRIBED, {"customer": {"name": "str"}}, Intent()) == {"customer": "Who buys."}


def test_a_description_is_what_follows_the_first_colon() -> None:
    assert descriptions.parse(["order.note : Remark: of the customer", "order:"]) == (
        {"order.note": "Remark: of the customer", "order": ""},
        [],
    )


def test_flags_describe_what_they_or_a_file_define(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_text(yaml.safe_dump({"resources": RESOURCES, "descriptions": DESCRIBED}))
    ways = {
        "flags": ["--resource", "order", "--field", "note: text?"],
        "file": ["--model", "shop.yml"],
    }
    found = {}
    for name, way in ways.items():
        described = ["--describe", "order.note: The remark."]
        made = shipsmith("new", name, "--defaults", *way, *described, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        recorded = yaml.safe_load((tmp_path / name / ".copier-answers.yml").read_text())
        found[name] = recorded["descriptions"]
    assert found == {
        "flags": {"order.note": "The remark."},
        "file": DESCRIBED | {"order.note": "The remark."},
    }


def test_problems_of_descriptions_are_told_with_the_others(tmp_path: Path) -> None:
    wrong = ["--describe", "what it is", "--describe", "order: a", "--describe", "order: b", "--field", "x"]
    result = shipsmith("new", "shop", "--defaults", "--resource", "order", *wrong, cwd=tmp_path)
    assert result.returncode == 1
    for part in (
        "--describe 'what it is': is not a description. Write --describe 'order.note: What it is'",
        "--describe 'order: b': order is described twice",
        "--field 'x'",
    ):
        assert part in result.stderr
    assert left_in(tmp_path) == []
