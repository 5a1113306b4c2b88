"""The checksum in .copier-answers.yml tells answers that were edited by hand from recorded ones."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.project.checksum import checksum, recorded_checksum
from shipsmith.rendering.render import render
from shipsmith.template import location, presets, versions
from shipsmith.template.questionnaire import FOLDER, Answers, questions_of

# Texts that YAML would take for something else, were they not quoted, or that it spreads over lines.
DESCRIPTIONS = (
    "2024-01-01",
    "2024-01-01 10:00:00",
    "yes",
    "null",
    "1.0",
    "1e3",
    "0x1F",
    "12:30:45",
    "It's 'quoted', isn't it?",
    "orders: all of them",
    "- a list",
    "[a, b]",
    "*alias &anchor !tag",
    "Führt Aufträge: schnell, sicher & günstig",
    "注文を管理する",
    "Ends in a no-break space\u00a0and goes on",
    "Keeps  two  spaces  where  a  line  of  more  than  eighty  characters  is  folded,  and  after",
)
TYPES = ("str", "int", "float", "bool", "decimal", "datetime", "date", "uuid")
FIELDS: tuple[dict[str, str], ...] = (
    {"zone": "str", "amount": "decimal", "kind": "str"},
    {"on": "date?", "off": "datetime?", "yes": "bool", "no": "bool?", "y": "int", "n": "int?"},
    {f"field{number}": type_ for number, type_ in enumerate((*TYPES, *(f"{each}?" for each in TYPES)))},
)
CASES: dict[str, Answers] = {
    **{name: preset.answers for name, preset in presets.shipped(location.root()).items()},
    **{f"description {text}": {"description": text} for text in DESCRIPTIONS},
    **{f"fields {', '.join(fields)}": {"resources": {"order": fields}} for fields in FIELDS},
    "in a repository with others": {"repository_folder": "services/orders"},
    "several resources": {
        "resources": {
            "order": {"customer": "ref(customer)", "status": "enum(new, paid)", "total": "decimal(12,2)?"},
            "customer": {"name": "str(1..100) unique"},
        },
        "numbers": {"order": {"fields": {"customer": 2}, "reserved": {"note": 1}}},
    },
}
EDITS: dict[str, Answers] = {
    "another value": {"cache": "redis"},
    "another type": {"description": 1.0},
    "another type of what was given": {"resources": {"order": {"name": "str", "quantity": "int?"}}},
    "fields in another order": {"resources": {"order": {"quantity": "int", "name": "str"}}},
    "one more answer": {"colour": "red"},
    "what JSON cannot say": {"description": yaml.safe_load("2024-01-01")},
    "a name that JSON cannot say": {"resources": yaml.safe_load("2024-01-01: str")},
    "a name that is no text": {1: "one"},  # type: ignore[dict-item]  # only an edit by hand can do it
}

questionnaire = questions_of(location.root())


@pytest.mark.parametrize("given", CASES.values(), ids=CASES)
def test_the_recorded_checksum_is_that_of_the_answers_read_back(tmp_path: Path, given: Answers) -> None:
    answers = questionnaire.resolve(given)
    text = recorded(answers, tmp_path)
    read_back = yaml.safe_load(text)
    # a project whose folder is its repository records no folder
    kept = {name: value for name, value in answers.items() if (name, value) != (FOLDER, "")}
    assert {name: value for name, value in read_back.items() if name[0] != "_"} == kept
    assert recorded_checksum(text) == checksum(read_back) == checksum(kept)


@pytest.mark.parametrize("fields", FIELDS, ids=", ".join)
def test_fields_are_recorded_in_the_users_order(tmp_path: Path, fields: dict[str, str]) -> None:
    text = recorded(questionnaire.resolve({"resources": {"order": fields}}), tmp_path)
    assert list(yaml.safe_load(text)["resources"]["order"]) == list(fields)


@pytest.mark.parametrize("version", ["2264197", "0123456", "1234e56"])
def test_a_version_of_digits_is_recorded_as_text(tmp_path: Path, version: str) -> None:
    """Such as the id of a commit before the first release."""
    render(questionnaire.resolve({}), versions.Template(version, location.root()), tmp_path)
    assert yaml.safe_load((tmp_path / ".copier-answers.yml").read_text())["_commit"] == version


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_changes_the_checksum(edit: Answers) -> None:
    given = {"description": "1.0", "resources": {"order": {"name": "str", "quantity": "int"}}}
    answers = questionnaire.resolve(given)
    assert checksum(answers | edit) != checksum(answers)


def test_the_version_and_the_order_of_answers_do_not_matter() -> None:
    answers = questionnaire.resolve({})
    reversed_answers = dict(reversed(answers.items()))
    assert checksum({"_commit": "v9.0.0", "_src_path": "elsewhere"} | reversed_answers) == checksum(answers)


@pytest.mark.parametrize(
    "text", ["", "_commit: v0.1.0\n", "# Checksum: 12 (cut off)\n", "a: '# Checksum: 0123456789abcdef'\n"]
)
def test_a_file_without_a_checksum_has_none(text: str) -> None:
    assert recorded_checksum(text) is None


def test_lines_may_end_as_on_windows() -> None:
    assert (
        recorded_checksum("# Made\r\n# Checksum: 0123456789abcdef\r\n_commit: v0.1.0\r\n")
        == "0123456789abcdef"
    )


def recorded(answers: dict[str, Any], folder: Path) -> str:
    """What the template writes into a project with these answers."""
    render(answers, versions.working(), folder)
    return (folder / ".copier-answers.yml").read_text("utf-8")
