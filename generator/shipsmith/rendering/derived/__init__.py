"""Files that are generated from other files of a project, by the derivers of its language."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...template.questionnaire import LANGUAGE
from ...template.versions import Template
from . import clients, grpc_stubs, own_lock, python_lock, python_migrations
from .deriver import Deriver
from .migrations import Migrations

DEFAULT = "python"
"""The language of projects whose template has no such question."""

BY_LANGUAGE: dict[str, tuple[Deriver, ...]] = {
    "python": (grpc_stubs.DERIVER, clients.DERIVER, python_lock.DERIVER)
}
FOR_ALL = (own_lock.DERIVER,)
MIGRATIONS: dict[str, Migrations] = {"python": python_migrations.MIGRATIONS}


def derivers(answers: Mapping[str, Any]) -> tuple[Deriver, ...]:
    """The derivers for a project with these answers, in the order in which they run."""
    return (*BY_LANGUAGE[answers.get(LANGUAGE, DEFAULT)], *FOR_ALL)


def migrations(answers: Mapping[str, Any]) -> Migrations:
    """How a project with these answers keeps its migrations."""
    return MIGRATIONS[answers.get(LANGUAGE, DEFAULT)]


def derive(folder: Path, answers: Mapping[str, Any], template: Template) -> None:
    """Generate the derived files from the rendered files."""
    for deriver in derivers(answers):
        deriver.write(folder, template)


def check_language(answers: Mapping[str, Any]) -> None:
    """Raise UserError if a language of the template has no derivers."""
    language = answers.get(LANGUAGE, DEFAULT)
    if language not in BY_LANGUAGE:
        where = "BY_LANGUAGE of shipsmith/rendering/derived/__init__.py"
        raise UserError(f"{LANGUAGE}={language} is not supported. Missing: its derivers, in {where}")
