"""What `new` makes, and what it prints."""

import json
import subprocess
from pathlib import Path

import yaml

from ..support.command_line import left_in, shipsmith


def answers_of(project: Path) -> dict[str, object]:
    answers: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


def test_the_service_is_named_as_the_folder(tmp_path: Path) -> None:
    result = shipsmith("new", "billing", "--defaults", "--preset", "minimal", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert left_in(tmp_path) == ["billing"]
    answers = answers_of(tmp_path / "billing")
    assert answers["service_name"] == "billing"
    assert answers["resources"] == {"billing": {"name": "str", "quantity": "int"}}


def test_the_folder_is_named_as_the_service(tmp_path: Path) -> None:
    shipsmith("new", "--defaults", "--preset", "minimal", "--set", "service_name=orders", cwd=tmp_path)
    assert left_in(tmp_path) == ["orders"]


def test_later_presets_and_single_answers_win(tmp_path: Path) -> None:
    (tmp_path / "team.yml").write_text("answers: {cache: redis, owner: payments, grpc: true}\n")
    arguments = ["--preset", "minimal", "--preset", "team.yml", "--set", "cache=memory"]
    shipsmith("new", "orders", "--defaults", *arguments, cwd=tmp_path)
    answers = answers_of(tmp_path / "orders")
    chosen = [answers[name] for name in ("http", "grpc", "cache", "owner", "database")]
    assert chosen == [True, True, "memory", "payments", "none"]


def test_the_answers_of_a_project_make_the_same_project(tmp_path: Path) -> None:
    arguments = ["--preset", "minimal", "--resource", "invoice", "--field", "total: decimal?"]
    shipsmith("new", "billing", "--defaults", *arguments, cwd=tmp_path)
    answers = tmp_path / "billing" / ".copier-answers.yml"
    shipsmith("new", "again", "--defaults", "--answers", answers, cwd=tmp_path)
    compare = ["diff", "--recursive", "--exclude=.git", "billing", "again"]
    assert subprocess.run(compare, cwd=tmp_path, check=False).returncode == 0


def test_flags_name_one_resource_or_some_fields_of_it(tmp_path: Path) -> None:
    usual = {"name": "str", "quantity": "int"}
    for arguments, resources in (
        (["--resource", "invoice"], {"invoice": usual}),
        (["--field", "total: decimal(12,2)"], {"order": {"total": "decimal(12,2)"}}),
        (["--resource", "invoice", "--field", "paid: bool?"], {"invoice": {"paid": "bool?"}}),
    ):
        made = tmp_path / "-".join(arguments).replace(" ", "") / "orders"
        made.parent.mkdir()
        result = shipsmith("new", made, "--defaults", "--preset", "minimal", *arguments, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert answers_of(made)["resources"] == resources


def test_a_file_has_several_resources_in_the_users_order(tmp_path: Path) -> None:
    resources = {"order": {"customer": "ref(customer)"}, "customer": {"name": "str(1..100) unique"}}
    (tmp_path / "shop.yml").write_text(yaml.safe_dump({"resources": resources}, sort_keys=False))
    arguments = ["--defaults", "--preset", "minimal", "--model", "shop.yml"]
    result = shipsmith("new", "shop", *arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    recorded = answers_of(tmp_path / "shop")["resources"]
    assert yaml.safe_dump(recorded, sort_keys=False) == yaml.safe_dump(resources, sort_keys=False)


def test_answers_of_an_earlier_version_are_understood(tmp_path: Path) -> None:
    (tmp_path / "team.yml").write_text("answers: {resource: invoice, fields: {total: decimal}}\n")
    arguments = ["--defaults", "--preset", "minimal", "--preset", "team.yml"]
    result = shipsmith("new", "billing", *arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert answers_of(tmp_path / "billing")["resources"] == {"invoice": {"total": "decimal"}}


def test_without_git_there_is_no_repository(tmp_path: Path) -> None:
    shipsmith("new", "orders", "--defaults", "--preset", "minimal", "--no-git", cwd=tmp_path)
    assert not (tmp_path / "orders" / ".git").exists()


def test_a_dry_run_lists_the_files_and_writes_none(tmp_path: Path) -> None:
    preview = shipsmith("new", "orders", "--defaults", "--dry-run", cwd=tmp_path)
    assert left_in(tmp_path) == []
    shipsmith("new", "orders", "--defaults", "--no-git", cwd=tmp_path)
    made = {
        path.relative_to(tmp_path / "orders").as_posix()
        for path in (tmp_path / "orders").rglob("*")
        if path.is_file()
    }
    assert set(preview.stdout.splitlines()) == made


def test_json_says_what_was_made(tmp_path: Path) -> None:
    result = shipsmith("new", "orders", "--preset", "minimal", "--json", cwd=tmp_path)
    said = json.loads(result.stdout)
    assert said["written"] is True
    assert said["answers"]["database"] == "none"
    assert all((tmp_path / "orders" / path).is_file() for path in said["files"])


def test_the_users_copier_settings_change_nothing(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults: {owner: intruder, cache: none}\n")
    shipsmith("new", "orders", "--defaults", cwd=tmp_path, COPIER_SETTINGS_PATH=str(settings))
    answers = answers_of(tmp_path / "orders")
    assert (answers["owner"], answers["cache"]) == ("platform", "memory")


def test_the_template_is_recorded_by_its_public_address(tmp_path: Path) -> None:
    shipsmith("new", "orders", "--defaults", "--preset", "minimal", cwd=tmp_path)
    answers = answers_of(tmp_path / "orders")
    assert str(answers["_src_path"]).startswith("https://")
    assert answers["_commit"]
