"""Finds the project of a command."""

from pathlib import Path

from ..project import existing
from ..project.existing import Project
from ..terminal import complain


def find(path: Path) -> Project:
    """The project at `path`. A note names programs that its repository configures, since they are not run."""
    project = existing.find(path)
    if programs := project.programs_not_run():
        complain(f"note: the repository configures programs, which are not run: {', '.join(programs)}")
    return project
