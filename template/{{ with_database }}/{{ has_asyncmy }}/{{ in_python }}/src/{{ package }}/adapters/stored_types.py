"""How columns are stored, whatever the defaults of the server and of its databases are."""

from typing import Any

from sqlalchemy import DateTime, LargeBinary, String, Text, Uuid, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import now

from .dialect import COLLATION, DIALECT
from .tables import quote_names


def prepare(engine: AsyncEngine) -> None:
    """With its first connection, SQLAlchemy learns more of the server, and sets both of these again."""

    def decide(*_: object) -> None:
        quote_names(engine)
        # a server's own type does not take every UUID
        engine.dialect.supports_native_uuid = False

    event.listen(engine.sync_engine, "connect", decide)


@compiles(Text, DIALECT)
def _text(_type: Text, _compiler: Any, **_options: Any) -> str:
    return f"LONGTEXT CHARACTER SET utf8mb4 COLLATE {COLLATION}"


@compiles(String, DIALECT)
def _string(type_: String, _compiler: Any, **_options: Any) -> str:
    return f"VARCHAR({type_.length}) CHARACTER SET utf8mb4 COLLATE {COLLATION}"


@compiles(Uuid, DIALECT)
def _uuid(_type: Uuid[Any], _compiler: Any, **_options: Any) -> str:
    return "CHAR(32) CHARACTER SET ascii COLLATE ascii_bin"


@compiles(LargeBinary, DIALECT)
def _binary(_type: LargeBinary, _compiler: Any, **_options: Any) -> str:
    return "LONGBLOB"


@compiles(DateTime, DIALECT)
def _moment(_type: DateTime, _compiler: Any, **_options: Any) -> str:
    return "DATETIME(6)"


@compiles(now, DIALECT)
def _now(_function: now, _compiler: Any, **_options: Any) -> str:
    """With microseconds. Sessions have UTC as their time zone."""
    return "CURRENT_TIMESTAMP(6)"
