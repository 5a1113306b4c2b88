"""Renders that are made once in a run, and copied: a change of a project renders what the last one made.

What a recipe is rendered to depends on nothing else, as `tests/history` shows.
"""

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from shipsmith.project.checksum import checksum
from shipsmith.rendering.render import render
from shipsmith.template.versions import Template
from shipsmith.update import plan

from .once import once


def keep() -> None:
    """From now on, updates in this process copy renders that were made before."""
    plan.render = copied  # type: ignore[attr-defined]  # what it imported


def copied(answers: Mapping[str, Any], template: Template, destination: Path) -> None:
    recipe = f"{checksum(answers)} {template.version} {template.root}"
    name = f"render {sha256(recipe.encode()).hexdigest()[:32]}"
    made = once(name, lambda folder: render(answers, template, folder))
    shutil.copytree(made, destination, symlinks=True, dirs_exist_ok=True)
