"""Change a project: `update`, `add`, `remove` and `set` are one thing.

Render the version and the answers that it has, render those that it shall have, let git merge the
difference into what people made of it. All of it is worked out before the first file is touched.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import UserError
from ..git.objects import Differences, records
from ..git.runner import Git
from ..project import record
from ..project.existing import Project
from ..project.readiness import check_ready
from ..project.recipe import State
from ..template import versions
from ..template.questionnaire import Answers, questions_of
from ..template.values import as_setting, shown
from ..template.versions import Template
from ..terminal import command
from . import change, index, plan, rebuild
from .change import Step, Undone
from .journal import Journal
from .plan import Plan


@dataclass(slots=True)
class Outcome:
    """What a change does to a project's files; paths are relative to the project."""

    old: State
    new: State
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    left_alone: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def changes_files(self) -> bool:
        return bool(self.added or self.updated or self.removed or self.renamed or self.conflicts)

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The answers that differ, each with its old and new value; None where there is no such question."""
        before, after = self.old.answers, self.new.answers
        names = [name for name in before | after if before.get(name) != after.get(name)]
        return {name: {"old": before.get(name), "new": after.get(name)} for name in names}


def current(project: Project) -> State:
    """What the project was made from. Raises UserError where its record cannot be true."""
    if edited := project.edited_answers():
        raise UserError(*_edited_by_hand(project, edited))
    return recorded_state(project)


def recorded_state(project: Project) -> State:
    """The same where answers may have been edited by hand, to look at it only."""
    said = project.recorded()
    template = versions.template(said.version)
    questionnaire = questions_of(template.root)
    known = {name: value for name, value in said.answers.items() if name in questionnaire.asked}
    try:
        return State(template, questionnaire.resolve(known))
    except UserError as error:
        problems = (f"{record.FILE}: {problem}" for problem in error.problems)
        raise UserError(*problems, f"put {record.FILE} back as it was, then run this again") from error


def moved_to(old: State, template: Template, given: Answers) -> State:
    """The same project at the version of `template`, `given` being answers to its new questions."""
    if versions.precedes(template.version, old.template.version):
        raise UserError(
            f"this project is at {old.template.version}, and {template.version} is older. "
            "To go back, revert the commit of the update"
        )
    questionnaire = questions_of(template.root)
    kept = {name: value for name, value in old.answers.items() if name in questionnaire.asked}
    try:
        return State(template, questionnaire.resolve(kept | given))
    except UserError as error:
        raise UserError(
            *error.problems,
            f"so {template.version} cannot take over the answers of this project. "
            "Change them first, at the version it has: shipsmith set OPTION=VALUE",
        ) from error


def run(
    project: Project, old: State, new: State, title: str, approve: Callable[[Outcome], bool] | None
) -> Outcome:
    """Change the project from `old` to `new`, staged and not committed, if `approve` says so.

    Without `approve`, only tell what would change.
    """
    with change.alone(project) as git, TemporaryDirectory(prefix="shipsmith-") as name:
        folder = Path(name)
        _check_nothing_is_left(project)
        head = check_ready(project)
        if old == new:
            return Outcome(old, new)
        if not approve:
            return _outcome(plan.make(git.elsewhere(folder), project, head, old, new, folder), old, new)
        planned = plan.make(git, project, head, old, new, folder)
        outcome = _outcome(planned, old, new)
        if not approve(outcome):
            raise UserError("stopped, nothing was written")
        _apply(git, project, head, planned, title, (old, new))
        return outcome


def resume(project: Project) -> list[str]:
    """Make derived files again, now that conflicts are resolved; the paths of those that changed."""
    with change.alone(project) as git, TemporaryDirectory(prefix="shipsmith-") as folder:
        unfinished = change.under_way(project)
        if not unfinished or not unfinished.conflicts:
            raise UserError(
                "there is nothing to continue: no change of shipsmith waits for you to resolve conflicts"
            )
        if unfinished.is_half_done:
            raise UserError(_interrupted(unfinished))
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
    """What makes derived files of what people staged, and the paths of those that change."""
    head = git.line("rev-parse", "--verify", "HEAD")
    before, after = (git.tree(f"{tree}:{project.prefix.rstrip('/')}") for tree in (unfinished.head, staged))
    answers = project.recorded_at(unfinished.head).answers, project.recorded().answers
    templates = (versions.template(version) for version in unfinished.versions)
    old, new = map(State, templates, answers)
    made = rebuild.make_again(git, before, after, old, new).tree
    changed = sorted(path for path in made.keys() | after.keys() if made.get(path) != after.get(path))
    whole = git.change_tree(staged, after, made, folder / "index", project.prefix) if changed else staged
    return Step(head, staged, whole), changed


def _since(unfinished: Journal, made: Differences) -> Differences:
    """Changes on top of those of `unfinished`, seen from where it started."""
    started = {path: before for path, (before, _) in unfinished.changes.items()}
    return {path: (started.get(path, before), after) for path, (before, after) in made.items()}


def undo(project: Project) -> Undone:
    """Put everything back as it was before the last change, which is not committed yet."""
    with change.alone(project) as git:
        left = change.under_way(project)
        if not left:
            raise UserError("there is nothing to undo: no change of shipsmith waits to be committed")
        return change.undo(git, project, left)


def _edited_by_hand(project: Project, edited: Answers) -> list[str]:
    here = project.recorded().answers
    settings = [f"{name}={as_setting(here[name])}" for name in edited if name in here]
    problems = [
        f"{record.FILE}: {name} was edited by hand, from {shown(value)} to {shown(here.get(name))}"
        for name, value in edited.items()
    ]
    instead = command("shipsmith", "set", *settings)
    return [*problems, f"put the file back as it was; to change answers: {instead}"]


def _check_nothing_is_left(project: Project) -> None:
    left = change.under_way(project)
    if left and left.is_half_done:
        raise UserError(_interrupted(left))
    if left and change.is_staged(project):
        raise UserError(f"an earlier change is not committed ({left.title}). Commit it, or: shipsmith undo")


def _interrupted(left: Journal) -> str:
    return f"an earlier change was interrupted ({left.title}). Put everything back first: shipsmith undo"


def _check_resolved(git: Git, unfinished: Journal) -> None:
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
    # a file in conflict is listed too
    unmerged = set(records(git.run("diff-files", "--name-only", "-z"))) & set(unfinished.conflicts)
    marked = {path for path in unfinished.conflicts if _has_markers(git.folder / path)}
    problems = [
        f"{path}: still has conflict markers. Resolve them, then: {_adding(path)}" for path in sorted(marked)
    ]
    problems += [f"{path}: is not added. Do: {_adding(path)}" for path in sorted(unmerged - marked)]
    if problems:
        raise UserError(*problems)


def _adding(path: str) -> str:
    """The command that adds a file, whose name may look like an option or a pattern."""
    return command("git", "add", f"./{path}" if path.startswith(("-", ":")) else path)


def _has_markers(path: Path) -> bool:
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return any(line.startswith((b"<<<<<<< yours", b">>>>>>> shipsmith ")) for line in lines)


def _apply(
    git: Git, project: Project, head: str, planned: Plan, title: str, states: tuple[State, State]
) -> None:
    prefix = project.prefix
    conflicts = {f"{prefix}{path}": sides for path, sides in planned.merged.conflicts.items()}
    outside = [replace(each, path=f"{prefix}{each.path}") for each in planned.outside]
    entry = Journal(
        head=head,
        title=title,
        changes=git.differences("diff-tree", "-r", head, planned.tree),
        versions=(states[0].template.version, states[1].template.version),
        conflicts=sorted(conflicts),
        outside={each.path: (each.before, each.after) for each in outside},
    )
    change.apply(git, project, Step(head, head, planned.tree, conflicts, outside), entry)


def _outcome(planned: Plan, old: State, new: State) -> Outcome:
    before, after, merged = planned.before, planned.merged.tree, planned.merged
    moved = {source: target for source, target in merged.renamed.items() if target in after}
    return Outcome(
        old,
        new,
        added=sorted(after.keys() - before.keys() - set(moved.values())),
        updated=sorted(path for path in before.keys() & after.keys() if before[path] != after[path]),
        removed=sorted(before.keys() - after.keys() - moved.keys()),
        renamed=dict(sorted(moved.items())),
        conflicts=sorted(merged.conflicts),
        left_alone=dict(sorted(merged.left_alone.items())),
        notes=planned.notes,
    )
