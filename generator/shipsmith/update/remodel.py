"""Changes of a project's model: what the new answers come to, whether that is safe, and its migrations."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import PurePosixPath

from ..errors import UserError
from ..git.objects import REGULAR, Entry, Tree
from ..git.runner import Git
from ..model import contract
from ..model.difference import Change, Kind, difference
from ..model.migration import after_update, migrations
from ..model.numbers import renumbered
from ..model.resources import Model, parse
from ..model.rules import Intent, problems
from ..project import record
from ..project.existing import Project
from ..project.recipe import Recipe
from ..rendering import derived
from ..rendering.derived.migrations import Migrations
from ..template import restructured
from ..template.questionnaire import DESCRIPTIONS, NUMBERS, RESOURCES, Answers, questions_of
from ..template.restructured import Follow
from .sides import Sides

MODEL = "model"
"""The question by which a template describes the resources."""
DATABASE = "has_migrations"
"""The flag of a template by which a service has migrations."""


@dataclass(frozen=True, slots=True)
class Remodel:
    """What a change does to the model."""

    intent: Intent = field(default_factory=Intent)
    changes: list[Change] = field(default_factory=list)

    @property
    def contract(self) -> list[str]:
        """What it means for callers."""
        return contract.lines(self.changes, self.intent)


@dataclass(frozen=True, slots=True)
class Migrated:
    """A merged project with its new migrations."""

    tree: Tree
    written: dict[str, str] = field(default_factory=dict)
    """The texts of new migrations, by their paths."""


def renumber(old: Recipe, answers: Answers, intent: Intent) -> Answers:
    """`answers`, of the same template, with the numbers of the contract: those that were keep theirs.

    Raises UserError with all that is wrong with them.
    """
    questionnaire = questions_of(old.template.root)
    before = _model(old)
    if before is None or answers.get(RESOURCES) == old.answers[RESOURCES]:
        return questionnaire.resolve(answers)
    resolved = questionnaire.resolve(answers | {NUMBERS: {}})
    after = parse(questionnaire.following(MODEL, resolved))
    recorded = old.answers[NUMBERS]
    numbers = renumbered(before, recorded, after, intent.renamed, intent.renamed_fields)
    return resolved | {NUMBERS: numbers}


def remodelled(old: Recipe, new: Recipe, intent: Intent) -> Remodel:
    """What changes in the model from `old` to `new`. Raises UserError where that is not safe."""
    before, after = _model(old), _model(new)
    if before is None or after is None:
        return Remodel(intent)
    changes = difference(before, after, intent.renamed)
    keeps_rows = has_migrations(old) and has_migrations(new)
    found = problems(changes, intent, old.answers[NUMBERS], keeps_rows=keeps_rows)
    if changes and not found and keeps_rows and old.template == new.template:
        options = questions_of(new.template.root).options
        found += [
            f"{name}: cannot change together with {RESOURCES}. Change one, commit it, then the other"
            for name in options
            if old.answers[name] != new.answers[name]
        ]
    if found:
        raise UserError(*found)
    return Remodel(intent, changes)


def as_before(project: Project, answers: Answers) -> Answers:
    """`answers`, with the numbers as they were recorded when the project last had this model, if it had."""
    wanted = _apart_from_texts(answers)
    for commit in (
        project.git.run("rev-list", "HEAD", "--", f"{project.prefix}{record.FILE}").decode().split()
    ):
        with suppress(UserError):
            then = project.recorded_at(commit).answers
            # not every answer is recorded in every project
            recorded = _apart_from_texts(then)
            if recorded == {name: wanted.get(name) for name in recorded}:
                return answers | {NUMBERS: then[NUMBERS]}
    name = ", ".join(answers[RESOURCES])
    raise UserError(
        f"the project never had just these resources and fields before: {name}. Leave out --unapplied"
    )


def _apart_from_texts(answers: Answers) -> Answers:
    """The answers without the numbers, and without what is only for people to read."""
    return {name: value for name, value in answers.items() if name not in (NUMBERS, DESCRIPTIONS)}


def migrate(git: Git, tree: Tree, old: Recipe, new: Recipe, remodel: Remodel) -> Migrated:
    """`tree`, a merged project, with the migrations that lead its database to the new model."""
    language = derived.migrations(new.answers)
    files = _files(git, tree, language)
    followed = follows_of(old, new) if files and has_migrations(new) else []
    steps = [after_update(each.title, each.follows, each.steps) for each in followed]
    if has_migrations(old) and has_migrations(new):
        if remodel.changes and remodel.intent.unapplied:
            return Migrated(_without(tree, _taken_back(files, old, new, language, remodel)))
        steps += migrations(remodel.changes, remodel.intent)
    written = language.write(files, steps, new.answers, new.template)
    entries = {path: Entry(REGULAR, git.write(content)) for path, content in written.items()}
    return Migrated(tree | entries, {path: content.decode() for path, content in written.items()})


def leave_migrations(sides: Sides, old: Recipe, new: Recipe, remodel: Remodel) -> Sides:
    """The sides without the migrations that exist: they may have been applied, so each stays as it is.

    Only another database has others. Raises UserError where it would need those that were written since.
    """
    language = derived.migrations(new.answers)
    before, after = ({path for path in side if language.include(path)} for side in (sides.base, sides.new))
    if not before or not after:
        return sides
    if old.template != new.template:
        first = {path for path in after - before if language.is_first(path)}
        return sides.as_the_user_has(before | first)
    if remodel.changes:
        return sides.as_the_user_has(before | after)
    own = sorted(path for path in sides.user.keys() - before if language.include(path))
    if own and any(sides.base[path] != sides.new.get(path, sides.base[path]) for path in before):
        raise UserError(
            f"the database cannot change: {', '.join(own)} came after the first migration, and is "
            "written for the old one. Make a new service for the new one, and copy the rows"
        )
    return sides


def moves(sides: Sides, new: Recipe, remodel: Remodel) -> dict[str, str]:
    """Where the files of renamed resources and the migrations go, and with them people's own beside them."""
    language = derived.migrations(new.answers)
    places = {PurePosixPath(path).name: path for path in sides.new if language.include(path)}
    migrations_before = [path for path in sides.base if language.include(path)]
    found = {path: places.get(PurePosixPath(path).name, path) for path in migrations_before}
    for change in remodel.changes:
        if change.kind is Kind.RENAME_RESOURCE:
            for path in sides.base:
                for name in _renamed(path, change.was.table, change.now.table):
                    if name in sides.new and name not in sides.base:
                        found[path] = name
    folders = {str(PurePosixPath(old).parent): str(PurePosixPath(new).parent) for old, new in found.items()}
    for path in sides.user.keys() - sides.base.keys() - sides.new.keys():
        folder, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        if folders.get(folder, folder) != folder:
            found[path] = f"{folders[folder]}/{name}"
    return found


def _renamed(path: str, old: str, new: str) -> Iterator[str]:
    """The paths that `path` can become: a service can have the name of a resource."""
    places = [match.start() for match in re.finditer(rf"(?<![a-z0-9]){old}(?![a-z0-9])", path)]
    for count in range(1, len(places) + 1):
        for chosen in combinations(places, count):
            renamed = path
            for place in reversed(chosen):
                renamed = renamed[:place] + new + renamed[place + len(old) :]
            yield renamed


def follows_of(old: Recipe, new: Recipe) -> list[Follow]:
    """What the database has to do since the template asks otherwise than when the project was made."""
    return restructured.migrations(new.template.root, old.answers, new.answers)


def has_migrations(recipe: Recipe) -> bool:
    questionnaire = questions_of(recipe.template.root)
    return DATABASE in questionnaire.questions and bool(questionnaire.following(DATABASE, recipe.answers))


def _model(recipe: Recipe) -> Model | None:
    """The model of a recipe; None where its template has none, as those of early versions."""
    questionnaire = questions_of(recipe.template.root)
    if MODEL not in questionnaire.questions:
        return None
    return parse(questionnaire.following(MODEL, recipe.answers))


def _files(git: Git, tree: Tree, language: Migrations) -> dict[str, bytes]:
    entries = {path: entry for path, entry in tree.items() if language.include(path)}
    contents = git.read(entry.oid for entry in entries.values())
    return {path: contents[entry.oid] for path, entry in entries.items()}


def _taken_back(
    files: dict[str, bytes], old: Recipe, new: Recipe, language: Migrations, remodel: Remodel
) -> list[str]:
    """The migrations that brought what is removed. Raises UserError where they are not just those."""
    before, after = _model(old), _model(new)
    assert before is not None
    assert after is not None
    steps = migrations(difference(after, before, {}), Intent())
    found = language.taken_back(files, steps, old.answers, old.template)
    if found is None:
        names = ", ".join(sorted(remodel.intent.removes))
        raise UserError(
            f"the last migration is not just the one that added {names}, as shipsmith wrote it. "
            "Leave out --unapplied: then a new migration removes it"
        )
    return found


def _without(tree: Tree, paths: Iterable[str]) -> Tree:
    gone = set(paths)
    return {path: entry for path, entry in tree.items() if path not in gone}
