"""Renders a project."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..template.versions import Template
from .derived import check_language


def render(answers: Mapping[str, Any], template: Template, destination: Path) -> None:
    """Render the template into the empty folder `destination`.

    Raises UserError for a language that is not supported.
    """
    check_language(answers)
    # importing copier takes most of the start-up time, and refused input does not need it
    from .copier import run

    run(answers, template, destination)
