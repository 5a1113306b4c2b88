"""The commands that only tell: of the template, and of a project."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Exit
from ..template import location, presets
from ..template.presets import Preset
from ..template.questionnaire import Questionnaire
from ..template.values import shown
from ..terminal import say
from ..update import status as comparison
from . import listing, report
from .arguments import At, Json, Where, find

app = typer.Typer(rich_markup_mode=None)
presets_app = typer.Typer(no_args_is_help=True)
app.add_typer(presets_app, name="presets")

Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="Files; by default all.")]


@app.command(epilog="Examples:\n\n  shipsmith options\n\n  shipsmith options --json | jq '.options[].name'")
def options(json_: Json = False) -> None:
    questionnaire = Questionnaire(location.root())
    if json_:
        print(json.dumps(listing.as_data(questionnaire), indent=2))
    else:
        print(listing.as_text(questionnaire))


@presets_app.command("list", epilog="Example:\n\n  shipsmith presets list --json")
def list_presets(json_: Json = False) -> None:
    """List the starter kits."""
    shipped = presets.shipped(location.root()).values()
    if json_:
        print(json.dumps([_preset(each) for each in shipped], indent=2))
        return
    for each in shipped:
        say(f"{each.name:<14}{each.description}")


@presets_app.command("show", epilog="Example:\n\n  shipsmith presets show full")
def show_preset(name: str, json_: Json = False) -> None:
    """Show what a starter kit, by its name or file, answers."""
    preset = presets.load(location.root(), name)
    if json_:
        print(json.dumps([_preset(preset)], indent=2))
        return
    say(f"{preset.name}: {preset.description}")
    print()
    for option, value in preset.answers.items():
        say(f"  {option:<14}{shown(value)}")


@app.command(epilog="Examples:\n\n  shipsmith status\n\n  shipsmith status services/orders --json")
def status(path: Where = Path("."), json_: Json = False) -> None:
    found = comparison.status(find(path))
    print(json.dumps(report.status_as_data(found), indent=2) if json_ else report.status_as_text(found))
    if found.needs_attention:
        raise typer.Exit(Exit.ATTENTION)


@app.command(epilog="Examples:\n\n  shipsmith diff\n\n  shipsmith diff src/orders/service.py")
def diff(files: Files = None, path: At = Path(".")) -> None:
    comparison.show(find(path), files or [])


def _preset(preset: Preset) -> dict[str, Any]:
    return {"name": preset.name, "description": preset.description, "answers": preset.answers}
