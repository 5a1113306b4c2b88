"""The commands that change an existing project."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Exit, UserError
from ..project.existing import Project
from ..project.readiness import check_ready
from ..project.recipe import Recipe
from ..template import versions
from ..template.questionnaire import Answers, Questionnaire, questions_of
from ..terminal import complain, plain, say
from ..update import recipes, resume
from ..update import undo as undoing
from ..update.apply import apply
from ..update.plan import plan
from . import report
from .arguments import At, Defaults, Json, Where
from .found import find
from .words import to_add, to_remove, to_set

app = typer.Typer(rich_markup_mode=None)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change without changing anything.")]
Version = Annotated[str | None, typer.Option(metavar="VERSION", help="Version (default: the newest).")]
Listed = Annotated[list[str], typer.Argument(metavar="CHOICE…", help="See `shipsmith options`.")]
Chosen = Annotated[list[str], typer.Argument(metavar="CHOICE…", help="Choices to remove.")]
Settings = Annotated[list[str], typer.Argument(metavar="OPTION=VALUE…", help="New answers.")]


@dataclass(frozen=True, slots=True)
class How:
    """The options of a command that changes a project."""

    dry_run: bool
    defaults: bool
    as_json: bool

    @property
    def asks(self) -> bool:
        silent = self.dry_run or self.defaults or self.as_json
        return not silent and sys.stdin.isatty() and sys.stdout.isatty()


@app.command(
    epilog="Examples:\n\n  shipsmith update\n\n  shipsmith update services/orders --dry-run\n\n"
    "  shipsmith update --to v0.3.0 --defaults --json\n\nExit status 3: there are conflicts to resolve."
)
def update(
    path: Where = Path("."),
    to: Version = None,
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    project = find(path)
    old = recipes.current(project)
    template = versions.template(to) if to else versions.newest()
    how = How(dry_run, defaults, json_)
    new = recipes.moved_to(old, template, _asked(project, old, template.root, how))
    _change(project, old, new, f"Update to shipsmith {template.version}", how)


@app.command(
    epilog="Examples:\n\n  shipsmith add redis\n\n  shipsmith add grpc database=postgresql --dry-run"
)
def add(
    words: Listed,
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    def changes(questionnaire: Questionnaire, current: Answers) -> Answers:
        return to_add(words, questionnaire)

    _change_answers(path, changes, f"Add {', '.join(words)}", How(dry_run, defaults, json_))


@app.command(epilog="Examples:\n\n  shipsmith remove redis\n\n  shipsmith remove grpc --dry-run")
def remove(
    words: Chosen,
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    def changes(questionnaire: Questionnaire, current: Answers) -> Answers:
        return to_remove(words, questionnaire, current)

    _change_answers(path, changes, f"Remove {', '.join(words)}", How(dry_run, defaults, json_))


@app.command(
    "set",
    epilog="Examples:\n\n  shipsmith set cache=redis\n\n  shipsmith set owner=payments resource=purchase",
)
def set_(
    settings: Settings,
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    def changes(questionnaire: Questionnaire, current: Answers) -> Answers:
        return to_set(settings, questionnaire, current)

    _change_answers(path, changes, f"Set {', '.join(settings)}", How(dry_run, defaults, json_))


@app.command("continue", epilog="Example:\n\n  git add src/orders/service.py && shipsmith continue")
def continue_(path: Where = Path("."), json_: Json = False) -> None:
    made = resume.resume(find(path))
    if json_:
        print(json.dumps({"updated": made}, indent=2))
        return
    for name in made:
        say(f"Regenerated: {name}")
    if not made:
        print("Nothing to regenerate.")
    print("All changes are staged. Review them (git diff --cached), then commit.")


@app.command(epilog="Examples:\n\n  shipsmith undo\n\n  shipsmith undo services/orders")
def undo(path: Where = Path("."), json_: Json = False) -> None:
    undone = undoing.undo(find(path))
    if json_:
        print(json.dumps(_undone(undone), indent=2))
        return
    print(f"Restored {'everything' if not undone.committed else 'the rest'} ({len(undone.paths)} files).")
    if undone.committed:
        say(f"Left alone, already committed: {', '.join(map(plain, undone.committed))}")
    if undone.kept:
        print(f"Your edits since then are kept in the commit {undoing.UNDONE}.")
    if undone.kept_ignored:
        say(f"Your edits of ignored files are kept in {undone.kept_ignored}.")


def _undone(undone: undoing.Undone) -> dict[str, Any]:
    return {
        "restored": undone.paths,
        "committed": undone.committed,
        "kept": bool(undone.kept),
        "kept_ignored": str(undone.kept_ignored) if undone.kept_ignored else None,
    }


def _change_answers(
    path: Path, changes: Callable[[Questionnaire, Answers], Answers], title: str, how: How
) -> None:
    """Change the answers of the project at `path`, without changing its version."""
    project = find(path)
    old = recipes.current(project)
    questionnaire = questions_of(old.template.root)
    new = Recipe(old.template, questionnaire.resolve(old.answers | changes(questionnaire, old.answers)))
    _change(project, old, new, title, how)


def _asked(project: Project, old: Recipe, root: Path, how: How) -> Answers:
    """Prompt for answers to questions that are new to the project."""
    if not how.asks:
        return {}
    # do not ask questions for a change that would then be refused
    check_ready(project)
    from .prompts import ask_new

    return ask_new(questions_of(root), old.answers)


def _change(project: Project, old: Recipe, new: Recipe, title: str, how: How) -> None:
    if sys.stderr.isatty():
        complain(f"{title} …")
    planned = plan(project, old, new, to_apply=not how.dry_run)
    outcome = planned.outcome
    if not how.dry_run:
        if how.asks and outcome.changes_files:
            _confirm(report.as_text(outcome))
        apply(project, planned, title)
    if how.as_json:
        print(json.dumps(report.as_data(outcome, written=not how.dry_run), indent=2))
    elif how.dry_run:
        print(report.as_text(outcome))
        complain("Nothing was written.")
    else:
        print(report.as_text(outcome))
        if outcome.changes_files:
            print(report.next_steps(outcome, title, project.folder))
    if outcome.conflicts:
        raise typer.Exit(Exit.CONFLICTS)


def _confirm(summary: str) -> None:
    """Raise UserError unless the user confirms."""
    from .prompts import confirm

    if not confirm(summary, "Make these changes?"):
        raise UserError("cancelled, nothing was written")
