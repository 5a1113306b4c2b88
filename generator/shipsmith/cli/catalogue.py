"""The commands that describe the template: its options and presets."""

import json
from typing import Any

import typer

from ..template import location, presets
from ..template.presets import Preset
from ..template.questionnaire import questions_of
from ..template.values import shown
from ..terminal import say
from . import listing
from .arguments import Json

app = typer.Typer(rich_markup_mode=None)
presets_app = typer.Typer(no_args_is_help=True)
app.add_typer(presets_app, name="presets")


@app.command(epilog="Examples:\n\n  shipsmith options\n\n  shipsmith options --json | jq '.options[].name'")
def options(json_: Json = False) -> None:
    questionnaire = questions_of(location.root())
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
    """Show the answers of a starter kit, by name or file."""
    preset = presets.load(location.root(), name)
    if json_:
        print(json.dumps([_preset(preset)], indent=2))
        return
    say(f"{preset.name}: {preset.description}")
    print()
    for option, value in preset.answers.items():
        say(f"  {option:<14}{shown(value)}")


def _preset(preset: Preset) -> dict[str, Any]:
    return {"name": preset.name, "description": preset.description, "answers": preset.answers}
