"""The model of a service that is in use changes: its rows, its clients and its applied migrations are kept.

One repository and one database go through all changes, one after the other. `make model-changes` makes many
more at random.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..support.services import schemas_of
from ..support.services.lived import Lived, Rows, read
from ..support.services.random_changes import RandomChanges
from ..support.systems import mariadb, mongodb, mysql, postgresql
from ..support.systems.packages import UnavailableError
from ..support.systems.servers import running
from ..support.updates.small import git

ROWS = 1000
MORE = "MODEL_CHANGES" in os.environ
SEEDS = range(int(os.environ.get("MODEL_CHANGES", "1")))
CHANGES = 20 if MORE else 3
QUICK_TESTS = ("tests/unit", "tests/integration") if MORE else ()
"""The repository's own tests that run after each change. The others, which start the service for a minute to
look at its connections and its end, run once with all of them: after the last change."""
SERVERS = {
    "postgresql": (postgresql.POSTGRESQL, postgresql.url),
    "mariadb": (mariadb.MARIADB, mariadb.url),
    "mysql": (mysql.MYSQL, mysql.url),
    "mongodb": (mongodb.MONGODB, mongodb.url),
}
DATABASES = ("sqlite", *SERVERS)
# mysql lasts twice as long as mariadb, whose dialect and driver it shares
LONG = {"mysql": [pytest.mark.long]}
each_database = pytest.mark.parametrize(
    "lived", [pytest.param(each, marks=LONG.get(each, [])) for each in DATABASES], indirect=True
)
random_databases = pytest.mark.parametrize("lived", DATABASES if MORE else DATABASES[:1], indirect=True)
"""The changes that are listed below meet each database; those at random as well where there are many."""
EVERYTHING = "--removals"

Edit = Callable[[Rows], None]


@dataclass(frozen=True)
class Step:
    """A change, and what is expected of it."""

    command: tuple[str, ...]
    edit: Edit = lambda rows: None
    """What it does to the rows as REST shows them."""
    rules: str = "FILE"
    """What `buf breaking` is to be clean by: everything, or what is on the wire."""
    migrations: int = 1
    drops_reference: bool = False
    """Whether one of them only drops a reference, so that a database that keeps none has nothing to do."""
    refused: str = ""
    """Where shipsmith refuses it: the reason."""
    stopped: str = ""
    """Where its migration stops, with nothing changed: the reason."""
    old_clients: bool = True
    """Whether clients with old stubs still read and write."""
    creation: str = ""
    """The status with which old clients are refused to create, if they are."""


def set_all(name: str, value: object) -> Edit:
    def edit(rows: Rows) -> None:
        for row in rows.values():
            row[name] = value

    return edit


def renamed(old: str, new: str) -> Edit:
    def edit(rows: Rows) -> None:
        for row in rows.values():
            row[new] = row.pop(old)

    return edit


def without(name: str) -> Edit:
    def edit(rows: Rows) -> None:
        for row in rows.values():
            del row[name]

    return edit


def filled(name: str, value: object) -> Edit:
    def edit(rows: Rows) -> None:
        for row in rows.values():
            row[name] = value if row[name] is None else row[name]

    return edit


STEPS: dict[str, Step] = {
    "a resource is added": Step(
        ("add", "resource", "invoice", "--field", "order: ref(order)", "--field", "due: date")
    ),
    "an optional field is added": Step(("add", "field", "order.remark:str?"), set_all("remark", None)),
    "a required field is refused without a default": Step(
        ("add", "field", "order.channel:enum(web, shop)"), refused="--default VALUE"
    ),
    "an enum is added with a default": Step(
        ("add", "field", "order.channel:enum(web, shop)", "--default", "web"),
        set_all("channel", "web"),
        creation="INVALID_ARGUMENT",
    ),
    "a flag is added with a default, which old clients may leave out": Step(
        ("add", "field", "order.gift:bool", "--default", "true"),
        set_all("gift", True),
        creation="INVALID_ARGUMENT",
    ),
    "what old clients cannot give is optional again": Step(
        ("change", "field", "order.channel:enum(web, shop)?"), rules="WIRE"
    ),
    "a field is renamed": Step(
        ("rename", "field", "order.note", "comment"), renamed("note", "comment"), "WIRE"
    ),
    "a text may be longer": Step(("change", "field", "order.code:str(..40)"), migrations=0),
    "a number takes fewer values, as all rows do": Step(("change", "field", "order.amount:int(0..5)")),
    "a text takes fewer values than rows have": Step(
        ("change", "field", "order.code:str(..6)"), stopped="orders.code has narrower bounds now"
    ),
    "digits of a decimal are not lost": Step(
        ("change", "field", "order.total:decimal(4,1)"), refused="would lose digits"
    ),
    "a decimal gets more digits": Step(("change", "field", "order.total:decimal(14,2)"), migrations=0),
    "a type that clients would misread": Step(
        ("change", "field", "order.amount:str"), refused="callers read and write int"
    ),
    "an enum gets a value": Step(
        ("change", "field", "order.status:enum(new, paid, lost, shipped)"), migrations=0
    ),
    "an enum loses a value that no row has": Step(
        ("change", "field", "order.status:enum(new, paid, shipped)"), rules="WIRE"
    ),
    "an enum does not lose a value that rows have": Step(
        ("change", "field", "order.status:enum(new, shipped)"), stopped="orders.status no longer takes paid"
    ),
    "clean rows become unique": Step(("change", "field", "order.code:str(..40) unique")),
    "rows that share a value do not": Step(
        ("change", "field", "customer.email:str? unique"), stopped="customers.email is unique now"
    ),
    "a reference is added": Step(
        ("add", "field", "order.referrer:ref(customer)?"), set_all("referrer", None)
    ),
    "ids that lead somewhere become a reference": Step(("change", "field", "order.agent:ref(customer)?")),
    "ids that lead nowhere do not": Step(
        ("change", "field", "order.stranger:ref(customer)?"),
        stopped="orders.stranger refers to customers now",
    ),
    "an optional field is required": Step(
        ("change", "field", "order.comment:text", "--default", "none"), filled("comment", "none"), "WIRE"
    ),
    "a required field is removed": Step(("remove", "field", "order.amount"), without("amount"), "WIRE", 2),
    "a reference is removed": Step(
        ("remove", "field", "order.agent"), without("agent"), "WIRE", 2, drops_reference=True
    ),
    "a removed name does not come back": Step(
        ("add", "field", "order.amount:int?"), refused="its name stays reserved"
    ),
    "a field is not removed by setting answers": Step(
        ("set", "resources={order: {total: 'decimal(14,2)'}}"), refused="shipsmith remove field order.code"
    ),
    "a resource is removed": Step(
        ("remove", "resource", "invoice"), rules="WIRE", migrations=2, drops_reference=True
    ),
}


@pytest.fixture
def lived(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lived]:
    """A repository of the first version, and its database, which is empty."""
    with ExitStack() as stack:
        url = f"sqlite+aiosqlite:///{tmp_path / 'data.db'}"
        if request.param in SERVERS:
            recipe, url_of = SERVERS[request.param]
            try:
                url = url_of(stack.enter_context(running(recipe)))
            except UnavailableError as error:
                pytest.skip(str(error))
        lived = Lived(tmp_path, request.param, url)
        stack.callback(lived.close)
        yield lived


@pytest.mark.timeout(1200)
@each_database
def test_rows_clients_and_migrations_outlive_every_change(
    lived: Lived, tmp_path: Path, mypy_cache: Path
) -> None:
    with lived.serving() as service:
        created = lived.client(service, "fill", str(ROWS))
        rows = read(service)
    assert len(rows) == len(created) == ROWS
    for name, step in STEPS.items():
        try:
            _take(lived, step, rows, tmp_path / "proto")
        except AssertionError as error:
            error.add_note(f"where {name}: shipsmith {' '.join(step.command)}")
            raise
    assert lived.run("migrate", EVERYTHING).returncode == 0
    with lived.serving() as service:
        assert read(service) == rows
    assert schemas_of.repository(lived) == schemas_of.fresh(lived, tmp_path / "fresh")
    lived.project.make("check", environment={"MYPY_CACHE_DIR": str(mypy_cache)})


def _take(lived: Lived, step: Step, rows: Rows, proto: Path) -> None:
    """Make the change in the repository and its database, and look at what became of everything."""
    before = lived.migrations()
    shutil.rmtree(proto, ignore_errors=True)
    shutil.copytree(lived.folder / "proto", proto / "proto")
    shutil.copy(lived.folder / "buf.yaml", proto)
    result = lived.change(*step.command)
    if step.refused:
        assert result.returncode == 1
        assert step.refused in result.stderr
        return
    assert result.returncode == 0, result.stderr
    after = lived.migrations()
    assert before.items() <= after.items()
    if step.stopped:
        _stop(lived, step)
        assert lived.migrations() == before
        return
    idle = step.drops_reference and not lived.keeps_references
    assert len(after) - len(before) == step.migrations - idle
    lived.breaking(proto, step.rules)
    lived.commit(" ".join(step.command))
    step.edit(rows)
    with lived.serving() as service:
        assert read(service) == rows
        if step.old_clients:
            used = lived.client(service, "use")
            assert used["listed"] == 200
            assert used["created"].partition(":")[0] == step.creation, used


def _stop(lived: Lived, step: Step) -> None:
    """The migration names the rows that are in the way, and changes nothing; the change is taken back."""
    migrated = lived.run("migrate")
    assert migrated.returncode == 1
    assert step.stopped in migrated.stderr
    assert "Correct them, then migrate again" in migrated.stderr
    assert lived.change("undo").returncode == 0


@pytest.mark.timeout(3600)
@random_databases
@pytest.mark.parametrize("seed", SEEDS)
def test_changes_in_any_order_lose_no_line_and_end_like_a_new_repository(
    lived: Lived, tmp_path: Path, mypy_cache: Path, seed: int
) -> None:
    """Rows are there from the beginning, and people have edited the repository."""
    with lived.serving() as service:
        lived.client(service, "fill", "100")
    mine = _edit(lived)
    changes = RandomChanges(seed)
    done: list[list[str]] = []
    while len(done) < CHANGES:
        command = changes.next(lived.model())
        before = lived.migrations()
        result = lived.change(*command)
        if result.returncode == 1:
            continue
        assert result.returncode in (0, 3), result.stderr
        assert before.items() <= lived.migrations().items()
        assert mine <= lived.lines(), f"seed {seed}: after {done}, {command} lost lines"
        if result.returncode == 3:
            mine -= _resolve(lived, mine)
            continued = lived.change("continue")
            assert continued.returncode == 0, continued.stderr
            assert mine <= lived.lines(), f"seed {seed}: after {done}, {command} and continue lost lines"
        migrated = lived.run("migrate")
        if migrated.returncode:
            assert "Correct them, then migrate again" in migrated.stderr
            assert lived.change("undo").returncode == 0
            continue
        lived.commit(" ".join(command))
        done.append(command)
        if QUICK_TESTS:
            lived.test(f"seed {seed}: after {done}", *QUICK_TESTS)
    assert lived.run("migrate", EVERYTHING).returncode == 0
    assert schemas_of.repository(lived) == schemas_of.fresh(lived, tmp_path / "fresh"), done
    lived.project.make("check", environment={"MYPY_CACHE_DIR": str(mypy_cache)})
    lived.test(f"seed {seed}: at the end, after {done}")


def _edit(lived: Lived) -> set[str]:
    """Lines of people's own in many files; returned as they are."""
    lines = set()
    for path in sorted(lived.folder.glob("src/**/*.py")):
        if path.name in EDITED and "v1" not in path.parts:
            line = f"# kept: {path.relative_to(lived.folder)}"
            path.write_text(f"{path.read_text()}\n\n{line}\n")
            lines.add(line)
    lived.commit("mine")
    return lines


def _resolve(lived: Lived, mine: set[str]) -> set[str]:
    """What people do with conflicts: they take what the change made, and put their lines there again.

    Returns the lines that they give up, with the files that the change removes.
    """
    given_up = set()
    for path in git(lived.folder, "diff", "--name-only", "--diff-filter=U").splitlines():
        lines = [line for line in (lived.folder / path).read_text().splitlines() if line in mine]
        if "3" in _stages(lived, path):
            text = git(lived.folder, "show", f":3:{path}") + "".join(f"\n\n{line}\n" for line in lines)
            (lived.folder / path).write_text(text)
        else:
            (lived.folder / path).unlink()
            given_up.update(lines)
        git(lived.folder, "add", "-A", path)
    return given_up


def _stages(lived: Lived, path: str) -> set[str]:
    """The sides of a conflict that have the file: 1 is the base, 2 the user's, 3 the new one."""
    return {line.split()[2] for line in git(lived.folder, "ls-files", "-u", path).splitlines()}


EDITED = (
    "__main__.py",
    "application.py",
    "bootstrap.py",
    "errors.py",
    "settings.py",
    "entity.py",
    "values.py",
)
