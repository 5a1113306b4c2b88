"""The options that there are, and the rules between them."""

import json
from pathlib import Path

import pytest
from shipsmith.cli.listing import as_data, as_markdown
from shipsmith.errors import UserError
from shipsmith.template import location, presets
from shipsmith.template.questionnaire import NOTHING, Questionnaire, questions_of

from ..support.command_line import shipsmith


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return questions_of(location.root())


def test_every_option_has_help_and_a_valid_default(questionnaire: Questionnaire) -> None:
    answers = questionnaire.resolve({})
    for name, option in questionnaire.options.items():
        assert option.help
        assert answers[name] in option.values


def test_every_option_can_be_left_out(questionnaire: Questionnaire) -> None:
    """`remove` needs a value that means nothing; a language is the exception."""
    for name, option in questionnaire.options.items():
        assert name == "language" or option.nothing in NOTHING


def test_the_rules_are_those_of_the_validators(questionnaire: Questionnaire) -> None:
    excluded = [rule.values for rule in questionnaire.rules]
    assert {"http": False, "grpc": False} in excluded
    assert {"database": "none", "broker": "rabbitmq"} in excluded
    assert {"database": "sqlite", "replicas": True} in excluded
    assert {"database": "mysql", "pooler": "pgbouncer"} in excluded
    # impossible only beside the database that is the default
    assert {"replicas": True, "cache": "redis"} not in excluded
    for values in excluded:
        with pytest.raises(UserError):
            questionnaire.resolve(values)


def test_the_reason_of_a_rule_is_about_its_values(questionnaire: Questionnaire) -> None:
    """Also where it is a third option that brings them together: what one of them needs of it."""
    reasons = {tuple(rule.values.values()): rule.reason for rule in questionnaire.rules}
    for shared in ("pgbouncer", True):
        assert "memory is a cache in each process: with postgresql" in reasons[shared, "memory"]
        assert "sqlite" not in reasons[shared, "memory"]


def test_the_full_preset_has_everything(questionnaire: Questionnaire) -> None:
    """Each option is on, and each preset answers each option.

    Replicas, poolers and shards are another topology: all else also works beside databases that have none.
    Tokens need an issuer, which no repository brings. Log lines have one format, and plain JSON is what most
    collectors expect.
    """
    shipped = presets.shipped(location.root())
    for preset in shipped.values():
        assert preset.answers.keys() == questionnaire.options.keys() - {"language"}
        questionnaire.resolve(preset.answers)
    left_out = [name for name, value in shipped["full"].answers.items() if value in NOTHING]
    assert left_out == ["pooler", "replicas", "shards", "auth", "logging"]


def test_options_are_listed_for_machines(tmp_path: Path, questionnaire: Questionnaire) -> None:
    listed = json.loads(shipsmith("options", "--json", cwd=tmp_path).stdout)
    assert [each["name"] for each in listed["options"]] == list(questionnaire.asked)
    choices = {each["name"]: each["choices"] for each in listed["options"]}
    assert choices["cache"] == list(questionnaire.options["cache"].values)
    assert listed["rules"] == as_data(questionnaire)["rules"]


def test_options_are_listed_for_people(tmp_path: Path, questionnaire: Questionnaire) -> None:
    text = shipsmith("options", cwd=tmp_path).stdout
    assert f"{' | '.join(questionnaire.options['cache'].values)} (default: memory)" in text
    assert "http=false with grpc=false" in text


def test_presets_are_listed_and_shown(tmp_path: Path) -> None:
    listed = json.loads(shipsmith("presets", "list", "--json", cwd=tmp_path).stdout)
    names = [each["name"] for each in listed]
    assert names == ["event-driven", "full", "minimal", "service"]
    assert all(each["description"] and each["answers"] for each in listed)
    shown = json.loads(shipsmith("presets", "show", "full", "--json", cwd=tmp_path).stdout)
    assert shown == [each for each in listed if each["name"] == "full"]
    assert shipsmith("presets", "show", "ful", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("command", [[], ["new"], ["options"], ["presets", "list"], ["presets", "show"]])
def test_every_command_has_help(tmp_path: Path, command: list[str]) -> None:
    result = shipsmith(*command, "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert "Usage:" in result.stdout
    assert not command or "Example" in result.stdout


def test_the_page_of_options_is_up_to_date(questionnaire: Questionnaire) -> None:
    page = (location.root() / "docs" / "options.md").read_text()
    assert page == as_markdown(questionnaire) + "\n"


def test_a_problem_ends_where_its_sentence_does() -> None:
    """Several fields' problems are separated; after the last there is nothing. Prompts show it as it is."""
    questionnaire = questions_of(location.root())
    resources = {"order": {"total": "colour", "paid": "colour"}}
    answers = questionnaire.resolve({}) | {"resources": resources}
    first, second = questionnaire.problem(questionnaire.questions["resources"], answers).split("; ")
    assert first.startswith("order.total")
    assert second.startswith("order.paid")
    assert not second.endswith(";")
