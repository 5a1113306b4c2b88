"""The chain of a service's migrations is read without running it, whoever wrote them."""

import pytest
from shipsmith.errors import UserError
from shipsmith.model.migration import after_update
from shipsmith.rendering.derived.python_migrations import read, write
from shipsmith.template import location, versions
from shipsmith.template.questionnaire import questions_of

FOLDER = "src/orders/migrations/versions"


def migration(revision: str, follows: str | None, **others: object) -> bytes:
    values = {"revision": revision, "down_revision": follows, "branch_labels": None} | others
    return "".join(f"{name} = {value!r}\n" for name, value in values.items()).encode()


FIRST = {f"{FOLDER}/0001_tables.py": migration("first", None, branch_labels=("tables",))}


def heads(files: dict[str, bytes]) -> list[str]:
    chain = read(files)
    root = chain.root("tables")
    assert root
    return [each.id for each in chain.heads(root)]


def test_the_last_migration_is_the_one_that_none_follows() -> None:
    files = FIRST | {
        f"{FOLDER}/0002_a.py": migration("second", "first"),
        f"{FOLDER}/3f2a_mine.py": migration("mine", "second"),
        f"{FOLDER}/0001_outbox.py": migration("outbox", None, branch_labels=("outbox",)),
    }
    assert heads(files) == ["mine"]


def test_migrations_that_were_merged_have_one_end() -> None:
    files = FIRST | {
        f"{FOLDER}/a.py": migration("a", "first"),
        f"{FOLDER}/b.py": migration("b", "first"),
        f"{FOLDER}/c.py": b"revision: str = 'c'\ndown_revision: tuple[str, ...] = ('a', 'b')\n",
    }
    assert heads(files) == ["c"]


def test_two_ends_are_to_be_merged_first() -> None:
    files = FIRST | {
        f"{FOLDER}/a.py": migration("a", "first"),
        f"{FOLDER}/b.py": migration("b", "first"),
    }
    chain = read(files)
    root = chain.root("tables")
    assert root
    with pytest.raises(UserError, match="alembic merge a b"):
        chain.head(root)


def test_what_a_migration_does_is_not_run() -> None:
    assert heads(FIRST | {f"{FOLDER}/a.py": migration("a", "first") + b"raise SystemExit\n"}) == ["a"]


def test_files_that_are_no_migrations_are_left_alone() -> None:
    assert heads(FIRST | {f"{FOLDER}/helpers.py": b"NAMES = [name for name in 'abc']\n"}) == ["first"]


def test_everything_that_cannot_be_read_is_told_at_once() -> None:
    files = FIRST | {
        f"{FOLDER}/a.py": b"revision = name()\n",
        f"{FOLDER}/b.py": b"revision =\n",
        f"{FOLDER}/c.py": migration("first", None),
        f"{FOLDER}/d.py": b"revision = 1\n",
        f"{FOLDER}/e.py": b"\0",
        f"{FOLDER}/f.py": b"revision = 'f'\ndown_revision = (1, 2)\n",
        f"{FOLDER}/g.py": b"revision = " + b"(" * 5000 + b"\n",
    }
    with pytest.raises(UserError) as caught:
        read(files)
    places = [problem.partition(":")[0].rsplit("/", 1)[1] for problem in caught.value.problems]
    assert places == ["a.py", "b.py", "c.py", "d.py", "e.py", "f.py", "g.py"]


def test_a_first_migration_that_is_labelled_after_the_service_is_followed() -> None:
    """What follows it first begins the branch that all others are in."""
    first = {f"{FOLDER}/0001_shop.py": migration("first", None, branch_labels=("shop",))}
    answers = questions_of(location.root()).resolve({"service_name": "shop", "database": "sqlite"})
    steps = ({"do": "add_moment", "table": "orders", "name": each} for each in ("seen_at", "sent_at"))
    added = [after_update(f"Add {step['name']}", "", [step]) for step in steps]
    written = write(first, added, answers, versions.working())
    second, third = (each for each in read(first | written).revisions.values() if each.id != "first")
    assert (second.follows, second.labels) == (("first",), ("tables",))
    assert (third.follows, third.labels) == ((second.id,), ())
