"""Migrations of a Python service: the chain of those that exist, and new ones at its end.

Those that exist are read, not run: what they say of themselves are literals, as Alembic writes them.
"""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any

from ...errors import UserError
from ...model.migration import Migration
from ...template.questionnaire import Answers, questions_of
from ...template.versions import Template
from .migrations import Files, Migrations

PAGE = "template/_shared/python/migration.py.jinja"
TABLES, REMOVALS = "tables", "removals"
"""The labels of two branches: what the code needs, and what drops the rest, later."""

NUMBER = re.compile(r"(\d+)_")
DIGITS = 8


@dataclass(frozen=True, slots=True)
class Revision:
    path: str
    id: str
    follows: tuple[str, ...]
    needs: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The migrations of a service, by their ids."""

    revisions: Mapping[str, Revision]

    def root(self, label: str) -> Revision | None:
        """Where the branch of that label begins."""
        return next((each for each in self.revisions.values() if label in each.labels), None)

    def heads(self, root: Revision) -> list[Revision]:
        """The last migrations of a branch."""
        within = {root.id}
        while more := {
            each.id for each in self.revisions.values() if each.id not in within and within & {*each.follows}
        }:
            within |= more
        followed = {each for id_ in within for each in self.revisions[id_].follows}
        return [self.revisions[id_] for id_ in sorted(within - followed)]

    def head(self, root: Revision) -> Revision:
        """The last migration of a branch. Raises UserError where there are several."""
        heads = self.heads(root)
        if len(heads) > 1:
            names = " and ".join(each.path for each in heads)
            merge = f"alembic merge {' '.join(each.id for each in heads)}"
            raise UserError(f"two migrations are the last ones: {names}. Join them first: .venv/bin/{merge}")
        return heads[0]


def read(files: Files) -> Chain:
    """The chain of the migrations in `files`. Raises UserError with all that cannot be read."""
    revisions: dict[str, Revision] = {}
    problems = []
    for path, content in sorted(files.items()):
        try:
            revision = _revision(path, content)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
            problems.append(f"{path}: cannot be read as a migration: {error}. Correct it first")
            continue
        if revision and revision.id in revisions:
            other = revisions[revision.id].path
            problems.append(f"{path}: has the same revision as {other}, {revision.id}. Change one of them")
        elif revision:
            revisions[revision.id] = revision
    if problems:
        raise UserError(*problems)
    return Chain(revisions)


def write(files: Files, migrations: Sequence[Migration], answers: Answers, template: Template) -> Files:
    """The files of `migrations`, at the end of the chain in `files`; nothing for one that changes nothing."""
    written: Files = {}
    for migration in migrations:
        placed = _place(read(files | written), [*files, *written], migration, answers)
        content = _render(placed, migration, answers, template)
        if content:
            written[placed["path"]] = content
    return written


def taken_back(
    files: Files, migrations: Sequence[Migration], answers: Answers, template: Template
) -> list[str] | None:
    """The last files of the chain, where they are just what `write` makes of `migrations`; else None."""
    left = dict(files)
    removed: list[str] = []
    for migration in reversed(migrations):
        chain = read(left)
        root = chain.root(REMOVALS if migration.removes else TABLES)
        path = chain.head(root).path if root else ""
        others = {each: content for each, content in left.items() if each != path}
        made = write(others, [migration], answers, template)
        if not made:
            continue
        if made != {path: left.get(path)}:
            return None
        left, removed = others, [*removed, path]
    return removed


def _revision(path: str, content: bytes) -> Revision | None:
    """What a file says of itself; None where it is no migration. Raises ValueError for what is no literal."""
    values: dict[str, Any] = {}
    for node in ast.parse(content).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value:
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in NAMES:
                values[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]  # of both
    if "revision" not in values:
        return None
    if not isinstance(values["revision"], str):
        raise ValueError("its revision is not a text")
    follows, needs, labels = (_names(values.get(name)) for name in NAMES[1:])
    return Revision(path, values["revision"], follows, needs, labels)


NAMES = ("revision", "down_revision", "depends_on", "branch_labels")


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise ValueError("what it follows is not a text")
    return names


def _place(chain: Chain, paths: Iterable[str], migration: Migration, answers: Answers) -> dict[str, Any]:
    """Where a migration comes in the chain: its path, and what it says of itself."""
    before = migration.follows or TABLES
    # one version labelled the first migration with the name of the service
    tables = chain.root(before) or chain.root(answers["service_name"].replace("-", "_"))
    if not tables:
        raise UserError(
            f"no migration has the branch label {before!r}, so none can follow. Restore the first one"
        )
    removals = chain.root(REMOVALS)
    labels = [] if chain.root(TABLES) else [TABLES]
    needs: tuple[str, ...] = ()
    if migration.removes:
        follows = chain.head(removals).id if removals else None
        needs = (chain.head(tables).id,)
        labels = [] if removals else [REMOVALS]
    else:
        follows = chain.head(tables).id
        # what is still to be dropped of a table knows it by its old name
        needs = (chain.head(removals).id,) if removals and migration.tables else ()
    number = max(
        (int(match[1]) for path in paths if (match := NUMBER.match(path.rsplit("/", 1)[1]))), default=0
    )
    name = f"{number + 1:04}_{migration.slug}"
    content = dumps([follows, needs, migration.title, migration.upgrade], sort_keys=True)
    return {
        "path": f"{next(iter(paths)).rsplit('/', 1)[0]}/{name}.py",
        "revision": f"{number + 1:04}_{sha256(content.encode()).hexdigest()[:DIGITS]}",
        "down_revision": follows,
        "depends_on": list(needs),
        "removes": migration.removes,
        "branch_labels": labels,
    }


def _render(placed: Mapping[str, Any], migration: Migration, answers: Answers, template: Template) -> bytes:
    """The file; nothing where the database has nothing to do."""
    questionnaire = questions_of(template.root)
    text = "{% from '" + PAGE + "' import migration with context %}{{ migration(placed, given) }}"
    given = {"title": migration.title, "upgrade": migration.upgrade, "downgrade": migration.downgrade}
    context = questionnaire.context(answers) | {"placed": placed, "given": given}
    return questionnaire.render(text, context).encode()


MIGRATIONS = Migrations(
    pattern="src/*/migrations/versions/*.py",
    first="src/*/migrations/versions/0001_tables.py",
    write=write,
    taken_back=taken_back,
)
