"""The location of the template: in this checkout, or in the installed package."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ..errors import UserError
from .store import head

PUBLIC_URL = "https://github.com/shipsmith/shipsmith.git"
HISTORY = "history.json"


@dataclass(frozen=True, slots=True)
class Carried:
    """The history that a build recorded of its repository."""

    version: str
    tree_ids: dict[str, str] = field(default_factory=dict)
    """The id of the template's files for each release, oldest first."""


@cache
def root() -> Path:
    """The folder with copier.yml, template/ and presets/."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent.parent
    return checkout if (checkout / "copier.yml").is_file() else package / "_data"


@cache
def commit() -> str:
    """The template's version as copier records it: `git describe` of the checkout, or of the build."""
    if (root() / ".git").exists():
        with suppress(UserError):
            return head(root() / ".git")
    return carried().version


@cache
def carried() -> Carried:
    """The history in this build, or only its own release if it has none."""
    file = root() / HISTORY
    if not file.is_file():
        return Carried(f"v{version('shipsmith')}")
    history = json.loads(file.read_text("utf-8"))
    return Carried(history["version"], history["trees"])
