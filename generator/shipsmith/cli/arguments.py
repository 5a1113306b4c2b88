"""Arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from ..project import existing
from ..project.existing import Project
from ..terminal import complain

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Where = Annotated[Path, typer.Argument(help="The project's folder.")]
At = Annotated[Path, typer.Option("--path", help="The project's folder.")]


def find(path: Path) -> Project:
    """The project at `path`; what its repository wants to have run is named, since it is not run."""
    project = existing.find(path)
    if programs := project.programs_not_run():
        complain(f"note: the repository configures programs, which are not run: {', '.join(programs)}")
    return project
