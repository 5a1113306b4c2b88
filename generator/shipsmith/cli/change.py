"""The commands that update a project, set its answers, and finish or undo a change."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..project.existing import Project
from ..project.readiness import check_ready
from ..project.recipe import Recipe
from ..template import restructured, versions
from ..template.questionnaire import Answers, Questionnaire, questions_of
from ..terminal import plain, say
from ..update import recipes, resume
from ..update import undo as undoing
from .arguments import At, Defaults, DryRun, Json, Where
from .changing import How, change, change_answers
from .found import find
from .words import to_set

app = typer.Typer(rich_markup_mode=None)

Version = Annotated[str | None, typer.Option(metavar="VERSION", help="Version (default: the newest).")]
Settings = Annotated[list[str], typer.Argument(metavar="OPTION=VALUE…", help="New answers.")]


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
    change(project, old, new, f"Update to shipsmith {template.version}", how)


@app.command(
    "set",
    epilog="Examples:\n\n  shipsmith set cache=redis\n\n"
    "  shipsmith set owner=payments 'description=Keeps what people order.'",
)
def set_(
    settings: Settings,
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    def changes(_: Project, questionnaire: Questionnaire, current: Answers) -> Answers:
        return to_set(settings, questionnaire, current)

    change_answers(path, changes, f"Set {', '.join(settings)}", How(dry_run, defaults, json_))


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


def _asked(project: Project, old: Recipe, root: Path, how: How) -> Answers:
    """Prompt for answers to questions that are new to the project."""
    if not how.asks:
        return {}
    # do not ask questions for a change that would then be refused
    check_ready(project)
    from .prompts import ask_new

    return ask_new(questions_of(root), restructured.carried(root, old.answers))
