"""Finishes a change whose conflicts were resolved: regenerates derived files."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import UserError
from ..git.objects import Differences, nul_separated
from ..git.runner import Git
from ..project.existing import Project
from ..project.recipe import Recipe
from ..template import versions
from ..terminal import command
from . import change, index, rebuild
from .change import Step
from .journal import Journal


def resume(project: Project) -> list[str]:
    """Regenerate derived files, now that conflicts are resolved. Returns the paths of changed files."""
    with change.alone(project) as git, TemporaryDirectory(prefix="shipsmith-") as folder:
        unfinished = change.under_way(project)
        if not unfinished or not unfinished.conflicts:
            raise UserError("nothing to continue: no change has open conflicts")
        if unfinished.is_half_done:
            raise UserError(change.interrupted(unfinished))
        staged = index.copied(git, Path(folder, "staged"))
        _check_resolved(staged.git, unfinished)
        step, made = _without_conflicts(git, project, unfinished, staged.git.line("write-tree"), Path(folder))
        changes = unfinished.changes | _since(
            unfinished, git.differences("diff-tree", "-r", step.before, step.after)
        )
        change.apply(git, project, step, replace(unfinished, changes=changes, conflicts=[]))
        return made


def _without_conflicts(
    git: Git, project: Project, unfinished: Journal, staged: str, folder: Path
) -> tuple[Step, list[str]]:
    """The step that regenerates derived files from the staged files, and the paths that it changes."""
    head = git.line("rev-parse", "--verify", "HEAD")
    before, after = (git.tree(f"{tree}:{project.prefix.rstrip('/')}") for tree in (unfinished.head, staged))
    answers = project.recorded_at(unfinished.head).answers, project.recorded().answers
    templates = (versions.template(version) for version in unfinished.versions)
    old, new = map(Recipe, templates, answers)
    made = rebuild.make_again(git, before, after, old, new).tree
    changed = sorted(path for path in made.keys() | after.keys() if made.get(path) != after.get(path))
    whole = git.change_tree(staged, after, made, folder / "index", project.prefix) if changed else staged
    return Step(head, staged, whole), changed


def _since(unfinished: Journal, made: Differences) -> Differences:
    """Changes on top of those of `unfinished`, relative to its start."""
    started = {path: before for path, (before, _) in unfinished.changes.items()}
    return {path: (started.get(path, before), after) for path, (before, after) in made.items()}


def _check_resolved(git: Git, unfinished: Journal) -> None:
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
    # files in conflict are listed too
    unmerged = set(nul_separated(git.run("diff-files", "--name-only", "-z"))) & set(unfinished.conflicts)
    marked = {path for path in unfinished.conflicts if _has_markers(git.folder / path)}
    problems = [
        f"{path}: still has conflict markers. Resolve them, then: {_adding(path)}" for path in sorted(marked)
    ]
    problems += [f"{path}: is not staged. Run: {_adding(path)}" for path in sorted(unmerged - marked)]
    if problems:
        raise UserError(*problems)


def _adding(path: str) -> str:
    """The command that adds a file, even if its name looks like an option or a pattern."""
    return command("git", "add", f"./{path}" if path.startswith(("-", ":")) else path)


def _has_markers(path: Path) -> bool:
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return any(line.startswith((b"<<<<<<< yours", b">>>>>>> shipsmith ")) for line in lines)
