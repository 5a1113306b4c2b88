"""The command line: arguments in, text out. What it does is done elsewhere."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UserError
from ..terminal import command, complain, plain, say
from . import change as cli_update

app = typer.Typer(
    name="shipsmith",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Make complete, production-grade microservice repositories, and keep them up to date.\n\n"
    "Exit status: 0 done, 1 your mistake, 2 wrong usage, 3 conflicts, 4 `status` found something,\n"
    "70 our fault; docs/cli.md says more.",
)
presets_app = typer.Typer(no_args_is_help=True, help="The starter kits: `presets list`, `presets show full`.")
app.add_typer(cli_update.app)
app.add_typer(presets_app, name="presets")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"shipsmith {installed('shipsmith')}")
        raise typer.Exit


@app.command(
    epilog="Examples:\n\n  shipsmith new orders\n\n  shipsmith new orders --preset full --defaults\n\n"
    "  shipsmith new billing --resource invoice --field 'customer: str' --field 'total: decimal?'"
)
def new(
    dest: Annotated[
        Path | None, typer.Argument(help="Where to make it; by default a folder named as the service.")
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option(help="A starter kit: a name or a file. Repeatable: the later one wins."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="OPTION=VALUE", help="An answer. Repeatable.")
    ] = None,
    resource: Annotated[str | None, typer.Option(help="What the service keeps, in the singular.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="'NAME: TYPE'", help="A field of the resource. Repeatable.")
    ] = None,
    answers: Annotated[Path | None, typer.Option(metavar="FILE", help="Answers as YAML.")] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Make what this older version made; an unknown one lists them."),
    ] = None,
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files and write nothing.")] = False,
    json_: Json = False,
    git: Annotated[
        bool, typer.Option("--git/--no-git", help="Make a git repository with a first commit.")
    ] = True,
) -> None:
    """Make a new service."""
    from ..project import create as project
    from ..project import workspace
    from ..template import versions
    from ..template.questionnaire import Questionnaire
    from .given import Given, collect

    template = versions.template(at) if at else versions.working()
    questionnaire = Questionnaire(template.root)
    asking = not (defaults or json_) and sys.stdin.isatty() and sys.stdout.isatty()
    given = Given(dest, preset or [], set_ or [], resource, field or [], answers)
    chosen = questionnaire.resolve(collect(given, questionnaire, template.root, asking=asking))
    destination = dest or Path(chosen["service_name"])
    if dry_run:
        _print_files(project.preview(chosen, template), destination, chosen, as_json=json_, written=False)
        return
    workspace.check(destination.resolve())
    if asking and not _confirmed(chosen, destination):
        raise UserError("stopped, nothing was written")
    if sys.stderr.isatty():
        complain(f"Making {destination} …")
    files = project.create(chosen, template, destination, git=git, before_publishing=_too_late_to_interrupt)
    _print_files(files, destination, chosen, as_json=json_, written=True)


@app.command(epilog="Examples:\n\n  shipsmith options\n\n  shipsmith options --json | jq '.options[].name'")
def options(json_: Json = False) -> None:
    """List the options, what they accept, and which values exclude each other."""
    from ..template import location
    from ..template.questionnaire import Questionnaire
    from .listing import as_data, as_text

    questionnaire = Questionnaire(location.root())
    print(json.dumps(as_data(questionnaire), indent=2) if json_ else as_text(questionnaire))


@presets_app.command("list", epilog="Example:\n\n  shipsmith presets list --json")
def list_presets(json_: Json = False) -> None:
    """List the starter kits."""
    from ..template import location, presets

    shipped = presets.shipped(location.root()).values()
    if json_:
        print(json.dumps([_preset(each) for each in shipped], indent=2))
        return
    for each in shipped:
        say(f"{each.name:<14}{each.description}")


@presets_app.command("show", epilog="Example:\n\n  shipsmith presets show full")
def show_preset(name: str, json_: Json = False) -> None:
    """Show what a starter kit, by its name or file, answers."""
    from ..template import location, presets
    from ..template.values import shown

    preset = presets.load(location.root(), name)
    if json_:
        print(json.dumps([_preset(preset)], indent=2))
        return
    say(f"{preset.name}: {preset.description}")
    print()
    for option, value in preset.answers.items():
        say(f"  {option:<14}{shown(value)}")


def _preset(preset: Any) -> dict[str, Any]:
    return {"name": preset.name, "description": preset.description, "answers": preset.answers}


def _confirmed(chosen: dict[str, Any], destination: Path) -> bool:
    from ..template.values import shown
    from .prompts import confirm

    lines = [f"  {name:<18}{plain(shown(value))}" for name, value in chosen.items()]
    return confirm("\n".join(["", f"This will be made in {plain(str(destination))}:", *lines, ""]))


def _print_files(
    files: list[str], destination: Path, chosen: dict[str, Any], *, as_json: bool, written: bool
) -> None:
    if as_json:
        result = {"destination": str(destination), "written": written, "answers": chosen, "files": files}
        print(json.dumps(result, indent=2))
    elif not written:
        print("\n".join(files))
        complain(f"{len(files)} files would be made in {destination}; nothing was written")
    else:
        say(f"Made {destination} ({len(files)} files). Next:")
        print(f"\n  {command('cd', str(destination))}\n  make setup test run\n")
        print("Its README.md begins with the first five minutes.")


def _too_late_to_interrupt() -> None:
    """The project is about to appear: what happens from here on must not look like a failure."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
