"""`add`, `change`, `rename` and `remove` change the model of a project, and its files accordingly."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location

from ..support import preloaded
from ..support.once import once
from ..support.services import environments, projects
from ..support.services.projects import Project
from ..support.updates.small import commit, contents, git

MODEL = {
    "customer": {"name": "str(1..100)", "email": "str? unique"},
    "order": {
        "customer": "ref(customer)",
        "status": "enum(new, paid)",
        "total": "decimal(12,2)",
        "note": "text?",
    },
}
VERSIONS = "src/shop/migrations/versions"
SMALL = ("cache=none", "broker=none", "metrics=none", "deploy=none", "ci=none")


def shipsmith(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return preloaded.run(preloaded.KEEPING_RENDERS, arguments, cwd, os.environ)


def make(folder: Path, *settings: str, model: dict[str, dict[str, str]] = MODEL) -> Path:
    (folder / "model.yml").write_text(yaml.safe_dump({"resources": model}, sort_keys=False))
    flags = [part for setting in (*SMALL, *settings) for part in ("--set", setting)]
    result = shipsmith("new", "shop", "--defaults", "--model", "model.yml", *flags, cwd=folder)
    assert result.returncode == 0, result.stderr
    for key, value in (("user.name", "someone"), ("user.email", "someone@localhost")):
        git(folder / "shop", "config", key, value)
    return folder / "shop"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each worker's own: two commands at once in one repository would be refused."""
    folder = tmp_path_factory.mktemp("model") / "shop"
    shutil.copytree(once("model", make) / "shop", folder, symlinks=True)
    git(folder, "update-index", "-q", "--refresh")
    return folder


@pytest.fixture
def project(tmp_path: Path, made: Path) -> Path:
    shutil.copytree(made, tmp_path / "shop", symlinks=True)
    git(tmp_path / "shop", "update-index", "-q", "--refresh")
    return tmp_path / "shop"


def run(project: Path, *arguments: str) -> str:
    """A change that is made and committed; what it prints."""
    result = shipsmith(*arguments, cwd=project)
    assert result.returncode == 0, result.stderr
    git(project, "commit", "-qm", " ".join(arguments))
    return result.stdout


def answers(project: Path) -> dict[str, Any]:
    recorded: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return recorded


def migrations(project: Path) -> list[str]:
    return sorted(path.name for path in (project / VERSIONS).glob("*.py"))


@pytest.mark.parametrize(
    ("addition", "removal"),
    [
        (("resource", "invoice", "--field", "order: ref(order)"), ("resource", "invoice")),
        (("field", "order.remark:str?"), ("field", "order.remark")),
    ],
)
def test_what_was_never_migrated_is_taken_back_to_the_last_byte(
    project: Path, addition: tuple[str, ...], removal: tuple[str, ...]
) -> None:
    before = contents(project)
    run(project, "add", *addition)
    assert contents(project) != before
    run(project, "remove", *removal, "--unapplied")
    assert contents(project) == before


def test_a_migration_that_others_follow_or_that_was_edited_is_not_taken_back(project: Path) -> None:
    run(project, "add", "field", "order.remark:str?")
    run(project, "add", "field", "order.extra:str?")
    refused = shipsmith("remove", "field", "order.remark", "--unapplied", cwd=project)
    assert refused.returncode == 1
    assert "Leave out --unapplied" in refused.stderr
    (last,) = (project / VERSIONS).glob("0003_*.py")
    commit(project, {str(last.relative_to(project)): last.read_text() + "# mine\n"})
    assert shipsmith("remove", "field", "order.extra", "--unapplied", cwd=project).returncode == 1
    assert shipsmith("remove", "field", "order.extra", cwd=project).returncode == 0


@pytest.mark.parametrize("database", ["postgresql", "mongodb"])
def test_rows_of_shards_stay_with_what_they_refer_to(tmp_path: Path, database: str) -> None:
    """Their ids say where they are. What is new may be kept with something, and names may change."""
    model = {
        "customer": {"name": "str"},
        "order": {"customer": "ref(customer)", "note": "text?"},
        "tag": {"order": "uuid", "label": "str"},
    }
    project = make(tmp_path, f"database={database}", "shards=true", model=model)
    ids, together = "the ids of rows that exist do not end as those", "rows are kept with what this refers to"
    for command, problem in [
        (("add", "field", "tag.customer:ref(customer)"), f"tag.customer: {ids}"),
        (("change", "field", "tag.order:ref(order)"), f"tag.order: {ids}"),
        (("change", "field", "order.customer:uuid"), f"order.customer: {together}"),
        (("remove", "field", "order.customer"), f"order.customer: {together}"),
        (
            ("add", "field", "order.other:ref(customer)?"),
            "order.other: rows are kept on the shard of customer",
        ),
    ]:
        refused = shipsmith(*command, cwd=project)
        assert (refused.returncode, problem in refused.stderr) == (1, True), refused.stderr
        assert git(project, "status", "--porcelain") == ""
    run(project, "rename", "field", "order.customer", "buyer")
    run(project, "add", "resource", "line", "--field", "order:ref(order)")
    run(project, "remove", "resource", "line")
    run(project, "set", "shards=false")
    refused = shipsmith("set", "shards=true", cwd=project)
    assert (refused.returncode, f"order.buyer: {ids}" in refused.stderr) == (1, True)


def test_a_dry_run_shows_the_migration_and_what_callers_see(project: Path) -> None:
    before = contents(project)
    command = ("add", "field", "order.priority:int(1..5)", "--default", "3")
    shown = shipsmith(*command, "--dry-run", cwd=project)
    data = json.loads(shipsmith(*command, "--dry-run", "--json", cwd=project).stdout)
    assert contents(project) == before
    line = "order.priority: new, with the number 5; callers have to send it"
    assert line in shown.stdout
    assert data["contract"] == [line]
    run(project, *command)
    written = {path: (project / path).read_text() for path in data["migrations"]}
    assert written == data["migrations"]
    assert list(written) == [f"{VERSIONS}/0002_add_order_priority.py"]
    assert all(text in shown.stdout for text in written.values())


def test_a_description_changes_documents_and_neither_numbers_nor_migrations(project: Path) -> None:
    before, recorded = contents(project), answers(project)
    run(project, "describe", "order.note: What the customer wrote.", "order: What a customer buys at once.")
    changed = {path for path, content in contents(project).items() if before.get(path) != content}
    assert changed == {
        ".copier-answers.yml",
        "proto/shop/v1/orders.proto",
        "src/shop/orders/answers.py",
        "src/shop/orders/model.py",
        "src/shop/orders/schemas.py",
    }
    assert answers(project)["numbers"] == recorded["numbers"]
    contract = (project / "proto/shop/v1/orders.proto").read_text()
    assert "// What a customer buys at once.\nmessage Order {" in contract
    assert "  // What the customer wrote.\n  optional string note" in contract
    run(project, "describe", "order.note:", "order:")
    assert contents(project) == before


def test_descriptions_follow_the_model(project: Path) -> None:
    described = ["--describe", "invoice: What is to be paid.", "--describe", "invoice.due: The last day."]
    run(project, "add", "resource", "invoice", "--field", "due: date", *described)
    run(project, "add", "field", "order.remark:str?", "--describe", "order.remark: Of the customer.")
    run(project, "rename", "resource", "invoice", "bill")
    run(project, "rename", "field", "order.remark", "comment")
    assert answers(project)["descriptions"] == {
        "bill": "What is to be paid.",
        "bill.due": "The last day.",
        "order.comment": "Of the customer.",
    }
    run(project, "remove", "field", "order.comment")
    run(project, "remove", "resource", "bill")
    assert answers(project)["descriptions"] == {}


def test_what_was_never_migrated_is_taken_back_with_its_description(project: Path) -> None:
    before = contents(project)
    run(project, "add", "field", "order.remark:str?", "--describe", "order.remark: Of the customer.")
    run(project, "describe", "order.remark: Of the shop.")
    run(project, "remove", "field", "order.remark", "--unapplied")
    assert contents(project) == before


def test_undo_takes_a_change_back_and_its_migration_with_it(project: Path) -> None:
    before = contents(project)
    assert shipsmith("rename", "resource", "order", "purchase", cwd=project).returncode == 0
    assert "purchases" in {path.parent.name for path in project.glob("src/shop/*/model.py")}
    assert shipsmith("undo", cwd=project).returncode == 0
    assert contents(project) == before


def test_numbers_are_kept_and_reserved(project: Path) -> None:
    run(project, "remove", "field", "order.status")
    run(project, "rename", "field", "order.note", "remark")
    run(project, "add", "field", "order.extra:str?", "order.more:enum(a, b)?")
    run(project, "change", "field", "order.more:enum(b, c)?")
    run(project, "rename", "resource", "customer", "client")
    assert answers(project)["numbers"]["order"] == {
        "fields": {"customer": 1, "total": 3, "remark": 4, "extra": 5, "more": 6},
        "values": {"more": {"b": 2, "c": 3}},
        "reserved": {"status": 2},
        "reserved_values": {"more": {"a": 1}},
    }
    assert answers(project)["resources"]["order"]["customer"] == "ref(client)"
    proto = (project / "proto/shop/v1/orders.proto").read_text()
    assert "reserved 2;" in proto
    assert "string remark = 4;" in proto
    assert "MORE_C = 3;" in proto


def test_what_no_rule_forbids_can_be_set(project: Path) -> None:
    wider = MODEL | {"order": MODEL["order"] | {"status": "enum(new, paid, sent)", "extra": "str?"}}
    result = shipsmith("set", f"resources={json.dumps(wider)}", cwd=project)
    assert result.returncode == 0, result.stderr
    assert answers(project)["numbers"]["order"]["values"] == {"status": {"new": 1, "paid": 2, "sent": 3}}


def test_migrations_of_the_users_own_are_followed(project: Path) -> None:
    own = 'revision = "3f2a"\ndown_revision = "tables_0001"\nbranch_labels = None\ndepends_on = None\n'
    commit(project, {f"{VERSIONS}/3f2a_mine.py": own})
    run(project, "add", "field", "order.remark:str?")
    (new,) = (path for path in (project / VERSIONS).glob("*remark*.py"))
    assert 'down_revision = "3f2a"' in new.read_text()
    other = own.replace("3f2a", "77aa")
    commit(project, {f"{VERSIONS}/77aa_mine.py": other})
    refused = shipsmith("add", "field", "order.extra:str?", cwd=project)
    assert refused.returncode == 1
    assert "Join them first: .venv/bin/alembic merge" in refused.stderr


def test_removals_have_a_branch_of_their_own_and_a_table_gets_a_new_name_after_them(project: Path) -> None:
    run(project, "remove", "field", "order.note", "order.status")
    run(project, "remove", "field", "order.total")
    run(project, "rename", "resource", "order", "purchase")
    texts = [(project / VERSIONS / name).read_text() for name in migrations(project)]
    _, retire, drop, retire_next, drop_next, rename = texts
    revision = {text: text.split('revision = "')[1].partition('"')[0] for text in texts}
    assert 'branch_labels = ("removals",)' in drop
    assert f'depends_on = ("{revision[retire]}",)' in drop
    assert f'down_revision = "{revision[drop]}"' in drop_next
    assert f'down_revision = "{revision[retire]}"' in retire_next
    assert f'depends_on = ("{revision[drop_next]}",)' in rename


def test_edits_go_with_a_resource_that_gets_another_name(project: Path) -> None:
    """And so do files of the user's own in its folder."""
    model = (project / "src/shop/orders/model.py").read_text()
    mine = "\n\ndef mine() -> int:\n    return 1\n"
    commit(project, {"src/shop/orders/model.py": model + mine, "src/shop/orders/prices.py": "PRICE = 1\n"})
    run(project, "add", "field", "order.remark:str?")
    run(project, "rename", "resource", "order", "purchase")
    moved = (project / "src/shop/purchases/model.py").read_text()
    assert moved.endswith(mine)
    assert "remark" in moved
    assert (project / "src/shop/purchases/prices.py").read_text() == "PRICE = 1\n"
    assert not (project / "src/shop/orders").exists()


def test_a_changed_model_is_no_edit_of_the_first_migration(project: Path) -> None:
    run(project, "add", "field", "order.remark:str?")
    status = json.loads(shipsmith("status", "--json", cwd=project).stdout)
    assert (status["edited"], status["deleted"], status["missing"]) == ([], [], [])


def test_migrations_go_with_a_service_that_gets_another_name(project: Path) -> None:
    run(project, "add", "field", "order.remark:str?")
    before = {name: (project / VERSIONS / name).read_bytes() for name in migrations(project)}
    run(project, "set", "service_name=depot")
    folder = project / VERSIONS.replace("shop", "depot")
    assert {path.name: path.read_bytes() for path in folder.glob("*.py")} == before
    assert not (project / VERSIONS).exists()


def test_the_database_is_not_exchanged_under_migrations_for_another_one(project: Path) -> None:
    run(project, "add", "field", "order.remark:str?")
    refused = shipsmith("set", "database=postgresql", "cache=none", cwd=project)
    assert refused.returncode == 1
    assert "0002_add_order_remark.py came after the first migration" in refused.stderr


def test_without_a_database_there_is_no_migration_and_no_default_is_needed(tmp_path: Path) -> None:
    project = make(tmp_path, "database=none")
    run(project, "add", "field", "order.priority:int")
    assert not (project / VERSIONS).exists()
    assert answers(project)["resources"]["order"]["priority"] == "int"


REFUSED: dict[str, tuple[Iterable[str], str]] = {
    "a resource that is there": (
        ("add", "resource", "order", "--field", "a: str"),
        "order: there is a resource of this name",
    ),
    "a resource without fields": (("add", "resource", "invoice"), "invoice: has no fields"),
    "a resource without a name": (("add", "resource"), "Write shipsmith add resource NAME"),
    "a field that is there": (
        ("add", "field", "order.note:str?"),
        "shipsmith change field 'order.note:str?'",
    ),
    "a field of an unknown resource": (
        ("add", "field", "ordr.a:str"),
        "ordr: no such resource. Did you mean 'order'?",
    ),
    "a field without a type": (("add", "field", "order.a"), "is not a field. Write 'resource.field: type'"),
    "a field without a resource": (("add", "field", "a:str?"), "Write RESOURCE.FIELD, such as order.note"),
    "a field of an unknown type": (("add", "field", "order.a:money"), "order.a: "),
    "a required field without a default": (("add", "field", "order.a:str"), "--default VALUE"),
    "a default of another type": (
        ("add", "field", "order.a:int", "--default", "x"),
        "It takes a whole number",
    ),
    "a default for a choice": (("add", "redis", "--default", "x"), "--default: has no use with 'redis'"),
    "fields for a choice": (("add", "redis", "--field", "a: str"), "--field: has no use with 'redis'"),
    "a name for no field": (
        ("rename", "field", "order.nte", "a"),
        "order.nte: no such field. Did you mean 'note'?",
    ),
    "one name only": (("rename", "resource", "order"), "two names are needed"),
    "a name of something unknown": (("rename", "order", "a"), "Write shipsmith rename resource … or"),
    "a name that is taken": (("rename", "resource", "order", "customer"), "customer: there is a resource"),
    "a type of a choice": (("change", "cache=redis"), "Write shipsmith change field"),
    "a type of an unknown field": (("change", "field", "order.a:str"), "order.a: no such field"),
    "a resource that others refer to": (("remove", "resource", "customer"), "refers to no resource"),
    "a choice that is unapplied": (
        ("remove", "redis", "--unapplied"),
        "--unapplied: has no use with 'redis'",
    ),
    "numbers": (("set", "numbers={}"), "recorded by shipsmith alone"),
    "answers that drop a field": (
        ("set", "resources={customer: {name: 'str(1..100)'}}"),
        "customer.email: would be removed",
    ),
    "answers that change the database as well": (
        (
            "set",
            "database=postgresql",
            "cache=none",
            f"resources={json.dumps(MODEL | {'thing': {'name': 'str'}})}",
        ),
        "database: cannot change together with resources",
    ),
}


@pytest.mark.parametrize(("arguments", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_explained_and_changes_nothing(
    made: Path, arguments: tuple[str, ...], says: str
) -> None:
    result = shipsmith(*arguments, cwd=made)
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert git(made, "status", "--porcelain") == ""


def test_all_problems_of_a_command_are_told_at_once(made: Path) -> None:
    result = shipsmith("add", "field", "order.a:str", "ordr.b:str?", "c:str", "order.note:str?", cwd=made)
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["ordr", "c", "order.note"]


def test_a_repository_of_one_resource_keeps_its_numbers_and_its_migration(tmp_path: Path) -> None:
    """It was made when the template asked for one resource and its fields, which had any names."""
    flags = [part for setting in SMALL for part in ("--set", setting)]
    names = ["--resource", "order", "--field", "name: str", "--field", "total: decimal?"]
    names += ["--field", "created_at: datetime"]
    made = shipsmith(
        "new", "shop", "--defaults", "--at", _last_of_one_resource(), *flags, *names, cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    project = Project(tmp_path / "shop")
    first = (project.folder / VERSIONS / "0001_orders.py").read_bytes()
    updated = shipsmith("update", cwd=project.folder)
    assert updated.returncode == 0
    assert "order.given_created_at was created_at, which every resource has now" in updated.stdout
    git(project.folder, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-qm", "updated")
    assert "resource" not in answers(project.folder)
    assert answers(project.folder)["resources"] == {
        "order": {"name": "str", "total": "decimal?", "given_created_at": "datetime"}
    }
    assert (project.folder / VERSIONS / "0001_orders.py").read_bytes() == first
    added = shipsmith("add", "field", "order.note:text?", cwd=project.folder)
    assert added.returncode == 0, added.stderr
    assert migrations(project.folder) == [
        "0001_orders.py",
        "0002_add_when_rows_were_created_and_changed.py",
        "0003_add_order_note.py",
    ]
    contract = (project.folder / "proto/shop/v1/orders.proto").read_text()
    assert "Timestamp given_created_at = 3;" in contract
    assert "optional string note = 4;" in contract
    environments.prepare(project)
    tests = project.python("-m", "pytest", "-q", "tests/integration/test_migrations.py")
    projects.run(*tests, directory=project.folder)


def _last_of_one_resource() -> str:
    """The version before the one that asks for a model."""
    root = location.root()
    changed = git(root, "log", "--format=%h", "--max-count=1", "-G", "^resource:", "--", "copier.yml").strip()
    return git(root, "rev-parse", "--short", f"{changed}^").strip()
