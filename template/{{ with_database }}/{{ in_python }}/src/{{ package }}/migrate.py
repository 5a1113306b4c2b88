"""Bring the database to the newest schema: `migrate` on the command line, and in tests."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from .adapters.database import DatabaseSettings

REMOVALS = "removals"
"""The branch of migrations that drop what the version before may still use."""


def upgrade(settings: DatabaseSettings, *, removals: bool = False) -> None:
    """Apply what is new; what drops columns and tables, only where `removals` says so."""
    alembic = config(settings)
    script = ScriptDirectory.from_config(alembic)
    for head in script.get_heads():
        if removals or REMOVALS not in script.get_revision(head).branch_labels:
            command.upgrade(alembic, head)


def config(settings: DatabaseSettings) -> Config:
    alembic = Config()
    folder = str(Path(__file__).parent / "migrations")
    # in configuration, a single % begins the name of another value
    alembic.set_main_option("script_location", folder.replace("%", "%%"))
    alembic.attributes["settings"] = settings
    return alembic
