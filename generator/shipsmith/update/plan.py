"""Plans a change of a project as git trees, without changing any of its files."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..git.objects import REGULAR, Differences, Entry, Tree
from ..git.runner import Git
from ..model.rules import AS_ANSWERED, Intent
from ..project.existing import Project
from ..project.readiness import check_ready
from ..project.recipe import Recipe
from ..rendering.parallel import both
from ..rendering.render import render
from ..template import restructured, versions, ways
from ..template.questionnaire import questions_of
from . import change, ignored, line_endings, rebuild, remodel
from .change import Step, check_nothing_is_in_the_way, check_nothing_is_left
from .ignored import IgnoredChange
from .merge import Labels, Merged, merge
from .pairing import Place
from .remodel import Remodel
from .sides import Sides

Documents = dict[str, bytes | None]
"""Files that people own and a command brings, by paths; None for those that it takes away."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The effect of a change on a project's files. Paths are relative to the project."""

    old: Recipe
    new: Recipe
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    left_alone: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    contract: list[str] = field(default_factory=list)
    """What a change of the model means for callers."""
    migrations: dict[str, str] = field(default_factory=dict)
    """The texts of new migrations, by their paths."""

    @property
    def changes_files(self) -> bool:
        return bool(self.added or self.updated or self.removed or self.renamed or self.conflicts)

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The answers that differ, each with its old and new value; None if the question does not exist."""
        before, after = self.old.answers, self.new.answers
        names = [name for name in before | after if before.get(name) != after.get(name)]
        return {name: {"old": before.get(name), "new": after.get(name)} for name in names}


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` does, and the result."""

    outcome: Outcome
    step: Step | None = None
    """None if there is nothing to do."""
    changes: Differences = field(default_factory=dict)
    """The files that it changes, before and after, relative to the repository."""


def plan(
    project: Project,
    old: Recipe,
    new: Recipe,
    intent: Intent = AS_ANSWERED,
    *,
    documents: Documents | None = None,
    to_apply: bool = True,
) -> Plan:
    """The change of `project` from `old` to `new`. For a dry run, nothing is written to the repository.

    `intent` says what is meant to happen to the model where the answers do not tell.
    """
    with change.alone(project) as git, TemporaryDirectory(prefix="shipsmith-") as name:
        folder = Path(name)
        check_nothing_is_left(project)
        head = check_ready(project)
        if old == new:
            return Plan(Outcome(old, new))
        changed = remodel.remodelled(old, new, intent)
        git = git if to_apply else git.elsewhere(folder)
        return _plan(git, project, head, old, new, changed, folder, documents or {})


def _plan(
    git: Git,
    project: Project,
    head: str,
    old: Recipe,
    new: Recipe,
    changed: Remodel,
    folder: Path,
    documents: Documents,
) -> Plan:
    releases = versions.passed(old.template.version, new.template.version)
    found = ways.load(new.template.root, releases, new.answers)
    before = git.tree(f"{head}:{project.prefix.rstrip('/')}")
    rendered, kept = _leave_owned(Sides(*_render(git, old, new, folder), before), new)
    rendered = remodel.leave_migrations(rendered, old, new, changed)
    taken_out = ignored.take_out(git, project, rendered)
    labels = Labels(f"shipsmith {old.template.version}", f"shipsmith {new.template.version}")
    declared = partial(_declared, remodel.moves(rendered, new, changed), partial(ways.moved, ways=found))
    merged = merge(git, line_endings.keep(git, taken_out.sides), declared, labels, folder / "index")
    migrated = remodel.migrate(git, merged.tree, old, new, changed)
    after = _with_documents(git, migrated.tree, documents)
    left_alone = merged.left_alone | taken_out.left_alone | kept
    if not merged.conflicts:
        derived = rebuild.make_again(git, before, after, old, new)
        after, left_alone = derived.tree, left_alone | derived.left_alone
    check_nothing_is_in_the_way(project.folder, before, after)
    whole = git.change_tree(head, before, after, folder / "index", project.prefix)
    notes = [note for each in found for note in each.notes]
    notes += restructured.notes(new.template.root, old.answers, new.answers)
    kept_files = dict(sorted(left_alone.items()))
    outcome = Outcome(old, new, left_alone=kept_files, notes=notes, contract=changed.contract)
    return Plan(
        _with_files(replace(outcome, migrations=migrated.written), before, after, merged),
        _step(project.prefix, head, whole, merged, taken_out.changes),
        git.differences("diff-tree", "-r", head, whole),
    )


def _with_documents(git: Git, tree: Tree, documents: Documents) -> Tree:
    written = {path: git.write(content) for path, content in documents.items() if content is not None}
    left = {path: entry for path, entry in tree.items() if path not in documents}
    return left | {path: Entry(REGULAR, sha) for path, sha in written.items()}


def _declared(moves: dict[str, str], by_version: Place, path: str) -> str:
    """Where a file goes: with the resource that gets another name, else as the version says."""
    return moves.get(path) or by_version(path)


def _render(git: Git, old: Recipe, new: Recipe, folder: Path) -> tuple[Tree, Tree]:
    """The renders of both recipes, without derived files."""
    both(
        partial(render, old.answers, old.template, folder / "old"),
        partial(render, new.answers, new.template, folder / "new"),
    )
    return git.write_folder(folder / "old"), git.write_folder(folder / "new")


def _leave_owned(sides: Sides, new: Recipe) -> tuple[Sides, dict[str, str]]:
    """The sides without files that belong to the user, and reasons for those that the new version changes."""
    is_owned = questions_of(new.template.root).owned(new.answers)
    owned = {path for path in sides.base if path in sides.new and is_owned(path)}
    differing = [path for path in owned if sides.base[path] != sides.new[path]]
    return sides.as_the_user_has(owned), dict.fromkeys(differing, "it is yours once it is created")


def _step(prefix: str, head: str, whole: str, merged: Merged, ignored_changes: list[IgnoredChange]) -> Step:
    """The change, relative to the repository, in which the project may be a subfolder."""
    conflicts = {f"{prefix}{path}": sides for path, sides in merged.conflicts.items()}
    placed = [replace(each, path=f"{prefix}{each.path}") for each in ignored_changes]
    return Step(head, head, whole, conflicts, placed)


def _with_files(outcome: Outcome, before: Tree, after: Tree, merged: Merged) -> Outcome:
    moved = {source: target for source, target in merged.renamed.items() if target in after}
    return replace(
        outcome,
        added=sorted(after.keys() - before.keys() - set(moved.values())),
        updated=sorted(path for path in before.keys() & after.keys() if before[path] != after[path]),
        removed=sorted(before.keys() - after.keys() - moved.keys()),
        renamed=dict(sorted(moved.items())),
        conflicts=sorted(merged.conflicts),
    )
