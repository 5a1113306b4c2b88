"""Files that are made from other files of a project, by derivers: each language has its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...template.versions import Template
from . import grpc_stubs, own_lock, python_lock
from .deriver import Deriver

QUESTION, DEFAULT = "language", "python"
BY_LANGUAGE: dict[str, tuple[Deriver, ...]] = {"python": (grpc_stubs.DERIVER, python_lock.DERIVER)}
FOR_ALL = (own_lock.DERIVER,)


def derivers(answers: Mapping[str, Any]) -> tuple[Deriver, ...]:
    """Those of a project with these answers, in the order in which they run."""
    return (*BY_LANGUAGE[answers.get(QUESTION, DEFAULT)], *FOR_ALL)


def derive(folder: Path, answers: Mapping[str, Any], template: Template) -> None:
    """Make what is in no render, from what was rendered."""
    for deriver in derivers(answers):
        deriver.write(folder, template)


def check_language(answers: Mapping[str, Any], template: Template) -> None:
    """Raise UserError where the template offers a language that it, or this package, knows nothing of."""
    if QUESTION not in answers:
        return
    language = answers[QUESTION]
    overlay = f"template/{{{{ in_{language} }}}}"
    missing = [] if (template.root / overlay).is_dir() else [f"the folder {overlay}"]
    if language not in BY_LANGUAGE:
        missing.append("its derivers in BY_LANGUAGE of shipsmith/rendering/derived/__init__.py")
    if missing:
        raise UserError(f"{QUESTION}={language} is not supported. Missing: {', and '.join(missing)}")
