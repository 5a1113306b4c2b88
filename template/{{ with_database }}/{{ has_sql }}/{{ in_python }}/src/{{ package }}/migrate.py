"""Migrates the database to the schema of this version: `migrate` on the command line, and in tests.

docs/decisions/ explains which versions of the service and of the schema work together.
"""

import asyncio
import re
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import Connection

from .adapters.database import DatabaseSettings, connect_engine
from .adapters.migrations import database_of, is_locked
from .errors import UnavailableError
from .settings import Settings

REMOVALS = "removals"
"""The branch of migrations that drop what the previous version may still use."""

OF_OPTION = re.compile(r"([a-z]+)_[0-9]{4}")
"""The revisions that come with an option, such as outbox_0001."""

ATTEMPTS = 20
PAUSE_SECONDS = 2

log = structlog.get_logger()


def run(settings: Settings, *arguments: str) -> None:
    """`migrate`, `migrate --removals`, or `migrate --wait`."""
    # the first process of a container ignores SIGTERM unless it says what to do
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if "--wait" in arguments:
        wait(settings.database)
    else:
        upgrade(database_of(settings), removals="--removals" in arguments)


def upgrade(settings: DatabaseSettings, *, removals: bool = False) -> None:
    """Apply new migrations; those that drop columns and tables only with `removals`.

    The schema of a newer version is left as it is: this version can run with it.
    """
    alembic = config(settings)
    script = ScriptDirectory.from_config(alembic)
    if newer := _unknown(script, present(script, applied(settings))):
        log.info("the schema is newer than this version", revisions=newer)
        return
    for head in _heads(script, removals=removals):
        _upgrade(alembic, head)


def wait(settings: DatabaseSettings) -> None:
    """Wait until the schema is that of this version or newer."""
    script = ScriptDirectory.from_config(config(settings))
    while missing := _missing(script, settings):
        log.info("waiting for migrations", missing=missing)
        time.sleep(PAUSE_SECONDS)


def config(settings: DatabaseSettings) -> Config:
    alembic = Config()
    folder = str(Path(__file__).parent / "migrations")
    # in configuration files, a single % starts an interpolation
    alembic.set_main_option("script_location", folder.replace("%", "%%"))
    alembic.attributes["settings"] = settings
    return alembic


def applied(settings: DatabaseSettings) -> set[str]:
    """The last applied migration of each branch."""

    def read(connection: Connection) -> set[str]:
        return set(MigrationContext.configure(connection).get_current_heads())

    async def connect() -> set[str]:
        async with connect_engine(settings) as engine, engine.connect() as connection:
            return await connection.run_sync(read)

    return asyncio.run(connect())


def present(script: ScriptDirectory, revisions: Iterable[str]) -> list[str]:
    """Those revisions that are of no removed option: what such an option has created stays as it is."""
    options = {None, *(_option(each.revision) for each in script.walk_revisions())}
    return [each for each in revisions if _option(each) in options]


def _upgrade(alembic: Config, head: str) -> None:
    """Migrations wait for locks for a short time only and try again, since requests queue behind them."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return command.upgrade(alembic, head)
        except Exception as error:
            if attempt == ATTEMPTS or not is_locked(error):
                raise
            log.warning("migration gave way to requests", attempt=attempt, error=type(error).__name__)
            time.sleep(PAUSE_SECONDS)


def _heads(script: ScriptDirectory, *, removals: bool) -> list[str]:
    heads = script.get_heads()
    return [each for each in heads if removals or REMOVALS not in script.get_revision(each).branch_labels]


def _option(revision: str) -> str | None:
    found = OF_OPTION.fullmatch(revision)
    return found and found[1]


def _unknown(script: ScriptDirectory, revisions: Iterable[str]) -> list[str]:
    known = {each.revision for each in script.walk_revisions()}
    return sorted(set(revisions) - known)


def _missing(script: ScriptDirectory, settings: DatabaseSettings) -> list[str]:
    try:
        found = present(script, applied(settings))
    except UnavailableError as error:
        return [str(error)]
    if _unknown(script, found):  # a newer version has applied its migrations, and so all that came before
        return []
    return sorted(set(_heads(script, removals=False)) - _with_ancestors(script, found))


def _with_ancestors(script: ScriptDirectory, revisions: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(revisions)
    while waiting:
        revision = script.get_revision(waiting.pop())
        if revision.revision not in found:
            found.add(revision.revision)
            waiting += [*to_tuple(revision.down_revision, ()), *to_tuple(revision.dependencies, ())]
    return found
