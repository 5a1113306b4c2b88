"""Make a project: `new`, from the answers to the finished repository."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..git import first_commit
from ..rendering.copier import render
from ..rendering.derived import derive
from ..template.versions import Template
from . import workspace


def create(
    answers: Mapping[str, Any],
    template: Template,
    destination: Path,
    *,
    git: bool = True,
    before_publishing: Callable[[], None] = lambda: None,
) -> list[str]:
    """Make the project at `destination`, whole or not at all; the paths of its files."""
    destination = destination.resolve()
    workspace.check(destination)
    if git:
        first_commit.check()
    with workspace.workspace(destination) as project:
        render(answers, template, project)
        derive(project, answers, template)
        files = paths(project)
        if git:
            first_commit.commit_all(project, f"Start from shipsmith {template.version}")
        before_publishing()
        workspace.publish(project, destination)
    return files


def preview(answers: Mapping[str, Any], template: Template) -> list[str]:
    """The paths that `create` would write."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="shipsmith-preview-") as folder:
        project = Path(folder)
        render(answers, template, project)
        derive(project, answers, template)
        return paths(project)


def paths(project: Path) -> list[str]:
    return sorted(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file())
