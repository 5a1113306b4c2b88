"""The renames and notes of a version of the template, for updates to it.

`template/_updates/VERSION.yml` contains them as data; nothing in it is executed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .questionnaire import Answers, Questionnaire, questions_of

FOLDER = Path("template/_updates")


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one version, for one project."""

    version: str
    renames: tuple[tuple[str, str], ...]
    """Old and new paths of files or folders."""
    notes: tuple[str, ...]


def load(root: Path, versions: Iterable[str], answers: Answers) -> list[Way]:
    """The ways to `versions` in the template at `root`, for a project with these answers."""
    questionnaire = questions_of(root)
    files = [(version, root / FOLDER / f"{version}.yml") for version in versions]
    return [_way(version, file, questionnaire, answers) for version, file in files if file.is_file()]


def moved(path: str, ways: Iterable[Way]) -> str:
    """The path of the file `path` after `ways`."""
    for way in ways:
        for old, new in way.renames:
            if path == old:
                path = new
            elif path.startswith(f"{old}/"):
                path = new + path.removeprefix(old)
    return path


def _way(version: str, file: Path, questionnaire: Questionnaire, answers: Answers) -> Way:
    document: dict[str, Any] = yaml.safe_load(file.read_text("utf-8")) or {}
    context = questionnaire.context(answers)

    def rendered(text: str) -> str:
        return questionnaire.render(text, context).strip()

    renames = [(rendered(each["from"]), rendered(each["to"])) for each in document.get("renames", [])]
    notes = [each for each in document.get("notes", []) if rendered(str(each.get("when", "always")))]
    return Way(version, tuple(renames), tuple(rendered(each["text"]) for each in notes))
