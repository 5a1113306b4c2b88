"""Compares a project with the render of its recorded recipe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import UserError
from ..git.objects import Tree, index_lines, nul_separated
from ..git.runner import Git
from ..project import record
from ..project.existing import Project
from ..project.recipe import Recipe
from ..rendering.derived import migrations
from ..rendering.render import render
from ..template import versions
from ..template.questionnaire import Answers
from . import change, recipes


@dataclass(frozen=True, slots=True)
class Status:
    recipe: Recipe
    newest: str
    behind: bool
    """Whether a newer version is available."""
    edited: list[str]
    """Files that differ from the render."""
    deleted: list[str]
    """Files that were deleted from the repository."""
    missing: list[str]
    """Files that are not in the working tree although they are committed or ignored."""
    edited_answers: Answers
    """The original values of answers that were edited by hand."""
    unfinished: str
    """The title of the uncommitted change by shipsmith, or an empty text."""

    @property
    def needs_attention(self) -> bool:
        return bool(self.behind or self.missing or self.edited_answers or self.unfinished)


def status(project: Project) -> Status:
    """Compare the working tree with a fresh render."""
    recipe = recipes.recorded(project)
    newest = versions.newest().version
    left = change.under_way(project)
    with _pristine(project, recipe) as (git, _):
        differing = _differing(git, project)
    absent = [path for path, how in differing.items() if how == "D"]
    committed, left_out = _committed(project, absent)
    absent = [path for path in absent if path not in left_out]
    expected = committed | set(project.ignored(absent))
    return Status(
        recipe=recipe,
        newest=newest,
        behind=versions.precedes(recipe.template.version, newest) or False,
        edited=[path for path, how in differing.items() if how != "D"],
        deleted=[path for path in absent if path not in expected],
        missing=[path for path in absent if path in expected],
        edited_answers=project.edited_answers(),
        unfinished=left.title if left else "",
    )


def show(project: Project, files: list[Path]) -> None:
    """Print the user's edits to `files`, or to all rendered files, as a diff."""
    wanted = [path.resolve() for path in files]
    with _pristine(project, recipes.recorded(project)) as (git, rendered):
        paths = {project.folder / path for path in rendered}
        unknown = [
            path for path in wanted if path not in paths and not any(path in each.parents for each in paths)
        ]
        if unknown:
            raise UserError(
                *(f"{path}: is not rendered by shipsmith. `git diff` shows it" for path in unknown)
            )
        # no external diff programs: the repository's attributes choose them
        git.show("diff", "--no-ext-diff", "--no-textconv", "--", *(map(str, wanted)))


@contextmanager
def _pristine(project: Project, recipe: Recipe) -> Iterator[tuple[Git, Tree]]:
    """Git whose index is the render of `recipe` without the record of the answers; and the render."""
    with TemporaryDirectory(prefix="shipsmith-") as name:
        folder = Path(name)
        git = project.git.elsewhere(folder)
        render(recipe.answers, recipe.template, folder / "render")
        rendered = git.write_folder(folder / "render")
        is_first = migrations(recipe.answers).is_first
        # the first migration is as the model was then
        rendered = {
            path: entry for path, entry in rendered.items() if path != record.FILE and not is_first(path)
        }
        placed = {project.prefix + path: entry for path, entry in rendered.items()}
        git.run("update-index", "-z", "--index-info", data=index_lines(placed))
        git.run("update-index", "-q", "--refresh", accept=(0, 1))
        yield git, rendered


def _committed(project: Project, paths: list[str]) -> tuple[set[str], set[str]]:
    """Those of `paths` that are committed, and those that a sparse checkout leaves out."""
    if not paths:
        return set(), set()
    places = {project.prefix + path: path for path in paths}
    listed = (each.partition(" ") for each in nul_separated(project.git.run("ls-files", "-t", "-z")))
    tags = {places[path]: tag for tag, _, path in listed if path in places}
    skipped = {path for path, tag in tags.items() if tag == "S"}
    return tags.keys() - skipped, skipped


def _differing(git: Git, project: Project) -> dict[str, str]:
    """The files that differ, each with git's status letter: D if it is missing."""
    listed = nul_separated(git.run("diff-files", "-z", "--name-status"))
    return {
        path.removeprefix(project.prefix): how for how, path in zip(listed[::2], listed[1::2], strict=True)
    }
