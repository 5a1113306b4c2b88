"""The command that creates a project."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UserError
from ..project.create import Created, create, prepare, preview
from ..template import versions
from ..template.questionnaire import CLIENTS, FOLDER, NUMBERS, Answers, Questionnaire
from ..template.values import shown
from ..terminal import complain, plain
from . import created_report, documents
from .arguments import AnswersFile, Defaults, Json, Presets, Settings
from .given import Given, collect

app = typer.Typer(rich_markup_mode=None)

Destination = Annotated[
    Path | None, typer.Argument(help="Folder to create (default: the name of the service).")
]
Resource = Annotated[str | None, typer.Option(help="The one resource of the service, singular.")]
Fields = Annotated[
    list[str] | None, typer.Option(metavar="'NAME: TYPE'", help="A field of the resource. Repeatable.")
]
Describe = Annotated[
    list[str] | None,
    typer.Option(metavar="'NAME: TEXT'", help="What a resource or a field is, for API docs. Repeatable."),
]
Model = Annotated[
    Path | None, typer.Option("--model", metavar="FILE", help="Resources as YAML, below `resources:`.")
]
Clients = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=FILE", help="A service that it calls, with its .proto. Repeatable."),
]
Version = Annotated[
    str | None,
    typer.Option(metavar="VERSION", help="Use an older version of the template; an unknown one lists them."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List the files without writing them.")]
WithGit = Annotated[bool, typer.Option("--git/--no-git", help="Create a git repository, with a commit.")]


EXAMPLES = (
    "Examples:\n\n  shipsmith new orders\n\n  shipsmith new orders --preset full --defaults\n\n"
    "  shipsmith new billing --resource invoice --field 'customer: str' --field 'total: decimal(12,2)?'\n\n"
    "  shipsmith new shop --model shop.yml"
)


@app.command(epilog=EXAMPLES)
def new(
    dest: Destination = None,
    preset: Presets = None,
    set_: Settings = None,
    resource: Resource = None,
    field: Fields = None,
    describe: Describe = None,
    model: Model = None,
    client: Clients = None,
    answers_file: AnswersFile = None,
    at: Version = None,
    defaults: Defaults = False,
    dry_run: DryRun = False,
    json_: Json = False,
    git: WithGit = True,
) -> None:
    template = versions.template(at) if at else versions.working()
    questionnaire = Questionnaire(template.root)
    asking = not (defaults or json_) and sys.stdin.isatty() and sys.stdout.isatty()
    given = Given(dest, preset or [], set_ or [], resource, field or [], describe or [], model, answers_file)
    given_documents = documents.parse(client or [])
    collected = collect(given, questionnaire, template.root, asking=asking)
    destination = dest or Path(questionnaire.resolve(collected)["service_name"])
    protocols, files = documents.with_those_there(given_documents, destination)
    answers = questionnaire.resolve(_with_clients(collected, protocols))
    site = prepare(destination, to_write=not dry_run)
    if FOLDER in questionnaire.asked:
        answers = questionnaire.resolve(answers | {FOLDER: site.subfolder})
    if dry_run:
        created = preview(answers, template, site, files)
    else:
        _announce(answers, destination, asking=asking)
        last = _too_late_to_interrupt
        created = create(answers, template, destination, git=git, documents=files, before_publishing=last)
    _report(created, answers, created_report.How(destination, git, written=not dry_run), as_json=json_)


def _with_clients(answers: Answers, given: dict[str, str]) -> Answers:
    """Also with the clients that were given with documents. Raises UserError for others."""
    clients = answers.get(CLIENTS, {})
    if not isinstance(clients, dict):  # the question says what is wrong
        return answers
    if missing := [name for name in clients if name not in given]:
        raise UserError(*(f"{name}: has no document. Give it: --client {name}=FILE" for name in missing))
    return answers | {CLIENTS: clients | given} if given else answers


def _announce(answers: Answers, destination: Path, *, asking: bool) -> None:
    if asking:
        _confirm(answers, destination)
    if sys.stderr.isatty():
        complain(f"Creating {destination} …")


def _confirm(answers: Answers, destination: Path) -> None:
    """Raise UserError unless the user confirms."""
    from .prompts import confirm

    lines = [f"  {name:<18}{plain(shown(value))}" for name, value in answers.items() if name != NUMBERS]
    if not confirm("\n".join(["", f"This will be created in {plain(str(destination))}:", *lines, ""])):
        raise UserError("cancelled, nothing was written")


def _report(created: Created, answers: Answers, how: created_report.How, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(created_report.as_data(created, answers, how), indent=2))
    else:
        created_report.show(created, how)


def _too_late_to_interrupt() -> None:
    """Ignore signals: the project is about to be published, and the run must not look like a failure."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
