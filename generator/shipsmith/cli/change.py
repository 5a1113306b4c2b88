"""The commands that change a project that exists, or tell of it."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import Exit, UserError
from ..terminal import complain, plain, say

if TYPE_CHECKING:
    from ..project.existing import Project
    from ..project.recipe import Recipe
    from ..template.questionnaire import Answers, Questionnaire
    from ..update.undo import Undone

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")]
Defaults = Annotated[bool, typer.Option("--defaults", help="Ask nothing.")]
Where = Annotated[Path, typer.Argument(help="The project's folder.")]
At = Annotated[Path, typer.Option("--path", help="The project's folder.")]


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


@app.command(
    epilog="Examples:\n\n  shipsmith update\n\n  shipsmith update services/orders --dry-run\n\n"
    "  shipsmith update --to v0.3.0 --defaults --json\n\nExit status 3: there are conflicts to resolve."
)
def update(
    path: Where = Path("."),
    to: Annotated[
        str | None, typer.Option(metavar="VERSION", help="A version; by default the newest.")
    ] = None,
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    """Bring a project to a newer version of its template; your edits stay."""
    from ..template import versions
    from ..update import recipes

    project = _find(path)
    old = recipes.current(project)
    template = versions.template(to) if to else versions.newest()
    how = How(dry_run, defaults, json_)
    new = recipes.moved_to(old, template, _asked(project, old, template.root, how))
    _change(project, old, new, f"Update to shipsmith {template.version}", how)


@app.command(
    epilog="Examples:\n\n  shipsmith add redis\n\n  shipsmith add grpc database=postgresql --dry-run"
)
def add(
    choices: Annotated[list[str], typer.Argument(metavar="CHOICE…", help="What `shipsmith options` lists.")],
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    """Add choices to a project, at the version it has."""
    from . import words

    def changes(questionnaire: "Questionnaire", current: "Answers") -> "Answers":
        return words.to_add(choices, questionnaire)

    _answer(path, changes, f"Add {', '.join(choices)}", How(dry_run, defaults, json_))


@app.command(epilog="Examples:\n\n  shipsmith remove redis\n\n  shipsmith remove grpc --dry-run")
def remove(
    choices: Annotated[list[str], typer.Argument(metavar="CHOICE…", help="What the project has.")],
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    """Remove choices from a project; files that you edited stay, as conflicts."""
    from . import words

    def changes(questionnaire: "Questionnaire", current: "Answers") -> "Answers":
        return words.to_remove(choices, questionnaire, current)

    _answer(path, changes, f"Remove {', '.join(choices)}", How(dry_run, defaults, json_))


@app.command(
    "set",
    epilog="Examples:\n\n  shipsmith set cache=redis\n\n  shipsmith set owner=payments resource=purchase",
)
def set_(
    answers: Annotated[list[str], typer.Argument(metavar="OPTION=VALUE…", help="New answers.")],
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    """Change a project's answers, at the version it has."""
    from . import words

    def changes(questionnaire: "Questionnaire", current: "Answers") -> "Answers":
        return words.to_set(answers, questionnaire, current)

    _answer(path, changes, f"Set {', '.join(answers)}", How(dry_run, defaults, json_))


@app.command("continue", epilog="Example:\n\n  git add src/orders/service.py && shipsmith continue")
def continue_(path: Where = Path("."), json_: Json = False) -> None:
    """Finish a change whose conflicts you have resolved: stubs and locks are made again."""
    from ..update.resume import resume

    made = resume(_find(path))
    if json_:
        print(json.dumps({"updated": made}, indent=2))
        return
    for name in made:
        say(f"Made again: {name}")
    if not made:
        print("Nothing had to be made again.")
    print("All of it is staged. Look at it (git diff --cached), then commit it.")


@app.command(epilog="Examples:\n\n  shipsmith undo\n\n  shipsmith undo services/orders")
def undo(path: Where = Path("."), json_: Json = False) -> None:
    """Put everything back as it was before a change that is not committed, however it ended."""
    from ..update.undo import UNDONE
    from ..update.undo import undo as put_back

    undone = put_back(_find(path))
    if json_:
        print(json.dumps(_undone(undone), indent=2))
        return
    print(f"{'Everything' if not undone.committed else 'The rest'} is as it was ({len(undone.paths)} files).")
    if undone.committed:
        say(f"Committed already, and left as it is: {', '.join(map(plain, undone.committed))}")
    if undone.kept:
        print(f"What you did to these files since is in the commit {UNDONE}.")
    if undone.kept_ignored:
        say(f"What you did to files that git ignores is in {undone.kept_ignored}.")


@app.command(epilog="Examples:\n\n  shipsmith status\n\n  shipsmith status services/orders --json")
def status(path: Where = Path("."), json_: Json = False) -> None:
    """Show the version, and what differs from it. Exit status 4: it needs attention."""
    from ..update import status
    from . import report

    project = _find(path)
    found = status.status(project)
    print(json.dumps(report.status_as_data(found), indent=2) if json_ else report.status_as_text(found))
    if found.needs_attention:
        raise typer.Exit(Exit.ATTENTION)


@app.command(epilog="Examples:\n\n  shipsmith diff\n\n  shipsmith diff src/orders/service.py")
def diff(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE…]", help="Files; by default all.")
    ] = None,
    path: At = Path("."),
) -> None:
    """Show your edits to what was generated."""
    from ..update import status

    status.show(_find(path), files or [])


def _find(path: Path) -> "Project":
    """The project at `path`; what its repository wants to have run is named, since it is not run."""
    from ..project.existing import find

    project = find(path)
    if programs := project.programs_not_run():
        complain(f"note: the repository configures programs, which are not run: {', '.join(programs)}")
    return project


def _undone(undone: "Undone") -> dict[str, Any]:
    return {
        "restored": undone.paths,
        "committed": undone.committed,
        "kept": bool(undone.kept),
        "kept_ignored": str(undone.kept_ignored) if undone.kept_ignored else None,
    }


def _answer(path: Path, changes: "Callable[[Questionnaire, Answers], Answers]", title: str, how: How) -> None:
    """Change the answers of the project at `path`, at the version it has."""
    from ..project.recipe import Recipe
    from ..template.questionnaire import questions_of
    from ..update import recipes

    project = _find(path)
    old = recipes.current(project)
    questionnaire = questions_of(old.template.root)
    new = Recipe(old.template, questionnaire.resolve(old.answers | changes(questionnaire, old.answers)))
    _change(project, old, new, title, how)


def _asked(project: "Project", old: "Recipe", root: Path, how: How) -> "Answers":
    """Answers to the questions that the project has not been asked yet, from a terminal."""
    if not how.asks:
        return {}
    from ..project.readiness import check_ready
    from ..template.questionnaire import questions_of
    from .prompts import ask_new

    # nobody shall answer questions for a change that is refused then
    check_ready(project)
    return ask_new(questions_of(root), old.answers)


def _change(project: "Project", old: "Recipe", new: "Recipe", title: str, how: How) -> None:
    from ..update.apply import apply
    from ..update.plan import plan
    from . import report

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
    """Raise UserError where the user does not want it."""
    from .prompts import confirm

    if not confirm(summary, "Make these changes?"):
        raise UserError("stopped, nothing was written")
