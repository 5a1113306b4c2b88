"""Migrates the database to the schema of this version: `migrate` on the command line, and in tests.

docs/decisions/ explains which versions of the service and of the schema work together.
"""

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import structlog

from .adapters import migrations
from .adapters.database import DatabaseSettings
from .adapters.migrations import database_of
from .adapters.outages import translated
from .adapters.schema import Schema
from .errors import UnavailableError
from .settings import Settings

REMOVALS = "removals"
"""The branch of migrations that drop what the previous version may still use."""

OF_OPTION = re.compile(r"([a-z]+)_[0-9]{4}")
"""The revisions that come with an option, such as outbox_0001."""

FOLDER = Path(__file__).parent / "migrations" / "versions"
PAUSE_SECONDS = 2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Migration:
    revision: str
    follows: frozenset[str]
    """The revisions that come before it."""
    removes: bool
    upgrade: Callable[[Schema], Awaitable[None]]


def run(settings: Settings, *arguments: str) -> None:
    """`migrate`, `migrate --removals`, or `migrate --wait`."""
    # the first process of a container ignores SIGTERM unless it says what to do
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if "--wait" in arguments:
        wait(settings.database)
    else:
        upgrade(database_of(settings), removals="--removals" in arguments)


def upgrade(settings: DatabaseSettings, *, removals: bool = False) -> None:
    """Apply new migrations; those that drop fields and collections only with `removals`.

    The schema of a newer version is left as it is: this version can run with it.
    """
    asyncio.run(_upgrade(settings, _wanted(known(), removals=removals)))


def wait(settings: DatabaseSettings) -> None:
    """Wait until the schema is that of this version or newer."""
    while missing := _missing(settings):
        log.info("waiting for migrations", missing=missing)
        time.sleep(PAUSE_SECONDS)


def applied(settings: DatabaseSettings) -> set[str]:
    """The revisions of the applied migrations."""
    return asyncio.run(migrations.applied(settings))


def known() -> list[Migration]:
    """The migrations of this version, each after those that come before it."""
    names = [f"{__package__}.migrations.versions.{path.stem}" for path in sorted(FOLDER.glob("*.py"))]
    modules = {module.revision: module for module in map(import_module, names)}
    before = {key: _names(each.down_revision) | _names(each.depends_on) for key, each in modules.items()}
    found: dict[str, Migration] = {}
    for revision in TopologicalSorter(before).static_order():
        module = modules[revision]
        inherited = any(found[each].removes for each in _names(module.down_revision))
        removes = inherited or REMOVALS in _names(module.branch_labels)
        found[revision] = Migration(revision, before[revision], removes, module.upgrade)
    return list(found.values())


async def _upgrade(settings: DatabaseSettings, wanted: list[Migration]) -> None:
    with translated():
        async with migrations.migrating(settings) as database:
            done = await migrations.applied(settings)
            if newer := _newer(done, known()):
                log.info("the schema is newer than this version", revisions=sorted(newer))
                return
            for migration in wanted:
                if migration.revision not in done:
                    await migration.upgrade(Schema(database))
                    await migrations.record(database, migration.revision)


def _wanted(found: list[Migration], *, removals: bool) -> list[Migration]:
    """Those to apply: a removal if it is asked for, or if a later migration needs it."""
    needed: set[str] = set()
    for each in reversed(found):
        if removals or not each.removes or each.revision in needed:
            needed |= {each.revision, *each.follows}
    return [each for each in found if each.revision in needed]


def _missing(settings: DatabaseSettings) -> list[str]:
    found = known()
    try:
        done = applied(settings)
    except UnavailableError as error:
        return [str(error)]
    if _newer(done, found):
        return []
    return sorted({each.revision for each in _wanted(found, removals=False)} - done)


def _newer(done: set[str], found: list[Migration]) -> set[str]:
    """What a newer version has applied. What a removed option has created stays as it is."""
    revisions = {each.revision for each in found}
    options = {None, *map(_option, revisions)}
    return {each for each in done - revisions if _option(each) in options}


def _option(revision: str) -> str | None:
    found = OF_OPTION.fullmatch(revision)
    return found and found[1]


def _names(value: str | tuple[str, ...] | None) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value or ())
