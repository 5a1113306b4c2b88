"""The project that a command is for."""

from pathlib import Path

from ..project import existing
from ..project.existing import Project
from ..terminal import complain


def find(path: Path) -> Project:
    """The project at `path`; what its repository wants to have run is named, since it is not run."""
    project = existing.find(path)
    if programs := project.programs_not_run():
        complain(f"note: the repository configures programs, which are not run: {', '.join(programs)}")
    return project
