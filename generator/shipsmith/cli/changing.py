"""How every command changes a project: planned, shown, confirmed where someone can answer, and applied."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from ..errors import Exit, UserError
from ..model.descriptions import followed
from ..model.rules import AS_ANSWERED, Intent
from ..project.existing import Project
from ..project.recipe import Recipe
from ..template.questionnaire import CLIENTS, DESCRIPTIONS, RESOURCES, Answers, Questionnaire, questions_of
from ..terminal import complain
from ..update import recipes, remodel
from ..update.apply import apply
from ..update.plan import Documents, plan
from . import descriptions, report
from .documents import protocol_of, read, uses
from .found import find
from .model_words import Edited, Resources


@dataclass(frozen=True, slots=True)
class How:
    """In which way a command was asked to do its work."""

    dry_run: bool
    defaults: bool
    as_json: bool

    @property
    def asks(self) -> bool:
        silent = self.dry_run or self.defaults or self.as_json
        return not silent and sys.stdin.isatty() and sys.stdout.isatty()


Changes = Callable[[Project, Questionnaire, Answers], Answers]
"""The new values of answers, for a project with these questions and answers."""
Notes = Callable[[Questionnaire, Answers], list[str]]
"""What users should know of new values."""


def change(
    project: Project,
    old: Recipe,
    new: Recipe,
    title: str,
    how: How,
    intent: Intent = AS_ANSWERED,
    notes: Sequence[str] = (),
    documents: Documents | None = None,
) -> None:
    if sys.stderr.isatty():
        complain(f"{title} …")
    planned = plan(project, old, new, intent, documents=documents, to_apply=not how.dry_run)
    outcome = replace(planned.outcome, notes=[*planned.outcome.notes, *notes])
    if not how.dry_run:
        if how.asks and outcome.changes_files:
            _confirm(report.as_text(outcome))
        apply(project, planned, title)
    if how.as_json:
        print(json.dumps(report.as_data(outcome, written=not how.dry_run), indent=2))
    elif how.dry_run:
        print(report.as_text(outcome, with_migrations=True))
        complain("Nothing was written.")
    else:
        print(report.as_text(outcome))
        if outcome.changes_files:
            print(report.next_steps(outcome, title, project.folder))
    if outcome.conflicts:
        raise typer.Exit(Exit.CONFLICTS)


def change_answers(
    path: Path, changes: Changes, title: str, how: How, notes: Notes = lambda questions, answers: []
) -> None:
    """Change the answers of the project at `path`, at the version it has."""
    project = find(path)
    old = recipes.current(project)
    questionnaire = questions_of(old.template.root)
    changed = changes(project, questionnaire, old.answers)
    new = Recipe(old.template, remodel.renumber(old, old.answers | changed, AS_ANSWERED))
    change(project, old, new, title, how, notes=notes(questionnaire, changed))


def change_clients(path: Path, name: str, document: Path | None, title: str, how: How) -> None:
    """Add the client of a service, by its document, or without one remove it with its documents."""
    project = find(path)
    old = recipes.current(project)
    clients = old.answers.get(CLIENTS)
    if clients is None:
        raise UserError(f"version {old.template.version} has no clients. Update first: shipsmith update")
    files: Documents
    notes: list[str] = []
    if document:
        if name in clients:
            raise UserError(f"{name}: there is such a client. Edit clients/{name}, then: make clients")
        clients = clients | {name: protocol_of(document)}
        files = dict(read(name, document))
    else:
        if name not in clients:
            raise UserError(f"{name}: no such client. There are: {', '.join(clients) or 'none'}")
        clients = {each: protocol for each, protocol in clients.items() if each != name}
        tracked = project.git.tree(f"HEAD:{project.prefix.rstrip('/')}")
        files = {each: None for each in tracked if each.startswith(f"clients/{name}/")}
        notes = [f"{each} still uses the client {name}" for each in uses(name, project.folder, tracked)]
    new = Recipe(old.template, remodel.renumber(old, old.answers | {CLIENTS: clients}, AS_ANSWERED))
    change(project, old, new, title, how, notes=notes, documents=files)


def change_model(path: Path, edit: Callable[[Resources], Edited], title: str, how: How) -> None:
    """Change the resources of the project at `path`, at the version it has."""
    project = find(path)
    old = recipes.current(project)
    if RESOURCES not in old.answers:
        raise UserError(
            f"version {old.template.version} keeps one resource for good. Update first: shipsmith update"
        )
    edited = edit(old.answers[RESOURCES])
    wanted = old.answers | {RESOURCES: edited.resources} | _descriptions(old, edited)
    answers = remodel.renumber(old, wanted, edited.intent)
    if edited.intent.unapplied:
        answers = remodel.as_before(project, answers)
    change(project, old, Recipe(old.template, answers), title, how, edited.intent)


def _descriptions(old: Recipe, edited: Edited) -> Answers:
    """The descriptions after a change of the model; nothing where the template has none."""
    if DESCRIPTIONS in old.answers:
        kept = followed(old.answers[DESCRIPTIONS], edited.resources, edited.intent)
        return {DESCRIPTIONS: descriptions.changed(kept, edited.descriptions)}
    if edited.descriptions:
        raise UserError(f"version {old.template.version} has no descriptions. Update first: shipsmith update")
    return {}


def _confirm(summary: str) -> None:
    """Raise UserError where the user does not want it."""
    from .prompts import confirm

    if not confirm(summary, "Make these changes?"):
        raise UserError("cancelled, nothing was written")
