"""Answers of earlier versions become answers to the questions of today, by data of the template."""

from pathlib import Path

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location, restructured
from shipsmith.template.questionnaire import questions_of

QUESTIONS = """\
_envops: {undefined: jinja2.StrictUndefined}
people: {type: yaml, default: {}}
place: {type: str, default: here}
label: {type: str, when: false, default: "{{ people | join }}"}
"""
RULES = """\
- from: [name, age]
  to: {people: "{{ {name: age} | to_json }}"}
  migration:
    title: Give everyone a name
    follows: "{{ label }}s"
    steps: |
      {% for name in people %}
      - {do: add_name, table: {{ name }}, age: {{ age }}}
      {% endfor %}
  note: |
    {% for name in people if age < 18 %}
    {{ name }} is
    a child.
    {% endfor %}
- from: [town]
  to: {place: "in {{ town }}"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "template/_updates").mkdir(parents=True)
    (tmp_path / "copier.yml").write_text(QUESTIONS)
    (tmp_path / restructured.FILE).write_text(RULES)
    return tmp_path


def test_earlier_answers_become_later_ones(root: Path) -> None:
    before = {"name": "ada", "age": 3, "town": "Paris"}
    assert restructured.carried(root, before) == {"people": {"ada": 3}, "place": "in Paris"}
    assert before == {"name": "ada", "age": 3, "town": "Paris"}


def test_a_rule_needs_all_of_its_answers(root: Path) -> None:
    assert restructured.carried(root, {"name": "ada"}) == {"name": "ada"}


def test_an_answer_to_the_question_of_today_wins(root: Path) -> None:
    assert restructured.carried(root, {"town": "Paris", "place": "there"}) == {"place": "there"}


def test_what_is_asked_today_is_left_alone(root: Path) -> None:
    assert restructured.carried(root, {"place": "there"}) == {"place": "there"}


def test_a_database_is_told_what_to_do_once(root: Path) -> None:
    before, after = {"name": "ada", "age": 3}, {"people": {"ada": 3}, "place": "here"}
    assert restructured.migrations(root, before, after) == [
        restructured.Follow("Give everyone a name", "adas", [{"do": "add_name", "table": "ada", "age": 3}])
    ]
    assert restructured.migrations(root, after, after) == []


def test_people_are_told_what_concerns_them(root: Path) -> None:
    before, after = {"name": "ada", "age": 3}, {"people": {"ada": 3}, "place": "here"}
    assert restructured.notes(root, before, after) == ["ada is a child."]
    assert restructured.notes(root, before | {"age": 18}, after) == []
    assert restructured.notes(root, after, after) == []


def test_what_people_answered_cannot_make_yaml_of_its_own(root: Path) -> None:
    with pytest.raises(UserError):
        restructured.carried(root, {"town": "Paris: x: y"})
    assert restructured.carried(root, {"name": "a: b, {{ 7 * 7 }}", "age": "*x"}) == {
        "people": {"a: b, {{ 7 * 7 }}": "*x"}
    }


def test_the_template_carries_one_resource_over() -> None:
    before = {"resource": "order", "fields": {"name": "str", "total": "decimal?"}, "owner": "payments"}
    after = restructured.carried(location.root(), before)
    assert after == {"owner": "payments", "resources": {"order": {"name": "str", "total": "decimal?"}}}
    questions_of(location.root()).resolve(after)


def test_fields_that_every_resource_has_now_get_other_names_in_their_places() -> None:
    fields = {"created_at": "datetime", "name": "str", "updated_at": "date?", "given_updated_at": "str"}
    after = restructured.carried(location.root(), {"resource": "order", "fields": fields})
    assert list(after["resources"]["order"].items()) == [
        ("given_created_at", "datetime"),
        ("name", "str"),
        ("updated_at", "date?"),  # its other name is taken: the question for resources says what to do
        ("given_updated_at", "str"),
    ]


@pytest.mark.parametrize("fields", ["name: str", ["name"], {1: "str"}, None])
def test_fields_of_another_form_are_left_to_the_questions(fields: object) -> None:
    after = restructured.carried(location.root(), {"resource": "order", "fields": fields})
    with pytest.raises(UserError, match="order"):
        questions_of(location.root()).resolve(after)
