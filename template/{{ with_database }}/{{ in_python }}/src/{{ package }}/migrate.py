"""Bring the database to the newest schema: `migrate` on the command line, and in tests."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from .adapters.database import RepositorySettings


def upgrade(settings: RepositorySettings) -> None:
    command.upgrade(config(settings), "heads")


def config(settings: RepositorySettings) -> Config:
    alembic = Config()
    folder = str(Path(__file__).parent / "migrations")
    # in configuration, a single % begins the name of another value
    alembic.set_main_option("script_location", folder.replace("%", "%%"))
    alembic.attributes["settings"] = settings
    return alembic
