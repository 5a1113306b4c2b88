"""Creates a project, from the answers to the finished repository."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..git import first_commit
from ..rendering.derived import derive
from ..rendering.render import render
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
    """Create the project at `destination`, completely or not at all. Returns the paths of its files."""
    destination = destination.resolve()
    workspace.check(destination)
    if git:
        first_commit.check()
    with workspace.workspace(destination) as folder:
        render(answers, template, folder)
        derive(folder, answers, template)
        files = paths(folder)
        if git:
            first_commit.commit_all(folder, f"Start from shipsmith {template.version}")
        before_publishing()
        workspace.publish(folder, destination)
    return files


def preview(answers: Mapping[str, Any], template: Template) -> list[str]:
    """The paths that `create` would write."""
    with TemporaryDirectory(prefix="shipsmith-preview-") as name:
        folder = Path(name)
        render(answers, template, folder)
        derive(folder, answers, template)
        return paths(folder)


def paths(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
