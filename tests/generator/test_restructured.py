"""Answers of earlier versions become answers to the questions of today, by data of the template."""

from pathlib import Path

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location, restructured
from shipsmith.template.questionnaire import Questionnaire

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
      - {do: add_name, table: {{ name }}}
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
        restructured.Follow("Give everyone a name", "adas", [{"do": "add_name", "table": "ada"}])
    ]
    assert restructured.migrations(root, after, after) == []


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
    Questionnaire(location.root()).resolve(after)
