"""Migrations go on where they ended: the server commits each change of a table at once, whatever follows.

A table records each statement of the migration that is under way, before and after it. A migration that
failed or was killed skips what is done. Of the statement that was under way nobody knows: it is repeated, and
may find that it was done. A change of rows and its record are one transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from alembic.ddl.mysql import MySQLImpl
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from .database import error_number
from .dialect import DIALECT

STEPS = sa.Table(
    "migration_steps",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)
VERSIONS = "alembic_version"

# errors of a statement that was done already: what it creates is there, what it drops or renames is not
DONE_ALREADY = {1005, 1050, 1051, 1054, 1060, 1061, 1068, 1091, 1146, 1176, 1826}


class SteppedImpl(MySQLImpl):
    """Alembic's way to execute statements of migrations, for this kind of database."""

    __dialect__ = DIALECT
    _taken = 0

    def _exec(
        self,
        construct: Any,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] = sa.util.immutabledict(),
    ) -> Any:
        def execute() -> Any:
            return super(SteppedImpl, self)._exec(construct, execution_options, multiparams, params)

        if self.as_sql or self.connection is None:
            return execute()
        if getattr(getattr(construct, "table", None), "name", "") == VERSIONS:
            self._taken = 0
            _forget(self.connection)
            return execute()
        self._taken += 1
        return _once(self.connection, self._taken, self._text(construct), execute)

    def _text(self, construct: Any) -> str:
        return construct if isinstance(construct, str) else str(construct.compile(dialect=self.dialect))


def clean(connection: sa.Connection) -> None:
    """Drop the table, unless a migration is under way."""
    if _exists(connection) and not connection.scalar(sa.select(sa.func.count()).select_from(STEPS)):
        STEPS.drop(connection)


def _once(connection: sa.Connection, number: int, statement: str, execute: Callable[[], Any]) -> Any:
    """Execute the statement, unless it was done in a run before."""
    STEPS.create(connection, checkfirst=True)
    this = STEPS.c.number == number
    before = connection.execute(sa.select(STEPS).where(this)).one_or_none()
    if before and before.statement != statement:
        raise CommandError(f"another migration ended here: {before.statement} Finish that one first")
    if before and before.done:
        return None
    if not before:
        connection.execute(STEPS.insert(), {"number": number, "statement": statement, "done": False})
    try:
        result = execute()
    except DBAPIError as error:
        if not before or error_number(error.orig) not in DONE_ALREADY:
            _give_up(connection, this)
            raise
        result = None
    connection.execute(STEPS.update().where(this).values(done=True))
    return result


def _give_up(connection: sa.Connection, this: sa.ColumnElement[bool]) -> None:
    """The statement failed, and changed nothing. What came before it stays."""
    with suppress(DBAPIError):  # where the connection is lost, its record stays
        connection.execute(STEPS.delete().where(this))
        connection.exec_driver_sql("COMMIT")


def _forget(connection: sa.Connection) -> None:
    """The migration is complete: together with the change of the version, its steps are no longer needed."""
    if _exists(connection):
        connection.execute(STEPS.delete())


def _exists(connection: sa.Connection) -> bool:
    return sa.inspect(connection).has_table(STEPS.name)
