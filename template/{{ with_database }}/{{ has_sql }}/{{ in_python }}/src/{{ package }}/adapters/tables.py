"""What the tables of all resources share. The table of each resource is in its folder."""

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

# migrations drop constraints by these names
metadata = MetaData(
    naming_convention={
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
    }
)


class EveryWord(set[str]):
    def __contains__(self, word: object) -> bool:
        return True


def quote_names(engine: AsyncEngine) -> None:
    """Quote names in all statements: databases reserve more words than SQLAlchemy knows."""
    engine.dialect.identifier_preparer.reserved_words = EveryWord()
