"""The command that looks for what a service needs on this machine."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Exit, UserError
from ..project.machine import Found, look
from ..project.recipe import Recipe
from ..template import versions
from ..template.needs import Program, needs_of
from ..template.questionnaire import Questionnaire
from ..terminal import say
from ..update import recipes
from .arguments import AnswersFile, Json, Presets, Settings
from .found import find
from .given import Given, collect

app = typer.Typer(rich_markup_mode=None)

SYSTEMS = {"debian": "Debian", "macos": "macOS"}
EXAMPLES = (
    "Examples:\n\n  shipsmith doctor\n\n  shipsmith doctor --preset full --set broker=kafka\n\n"
    "  shipsmith doctor --json | jq '.missing'"
)
Where = Annotated[Path | None, typer.Argument(help="The project's folder (default: the current one).")]


@app.command(epilog=EXAMPLES)
def doctor(
    path: Where = None,
    preset: Presets = None,
    set_: Settings = None,
    answers_file: AnswersFile = None,
    json_: Json = False,
) -> None:
    given = Given(None, preset or [], set_ or [], None, [], [], None, answers_file)
    recipe = _chosen(path, given) if preset or set_ or answers_file else _recorded(path or Path("."))
    found = look(needs_of(recipe.template, recipe.answers), os.environ)
    missing = [each.need.name for each in found if each.missing]
    if json_:
        print(json.dumps({"missing": missing, "needs": [_as_data(each) for each in found]}, indent=2))
    else:
        say("\n".join([*(line for each in found for line in _as_text(each)), "", _summary(missing)]))
    if missing:
        raise typer.Exit(Exit.ATTENTION)


def _chosen(path: Path | None, given: Given) -> Recipe:
    """The recipe of a service that is not there yet."""
    if path:
        raise UserError(
            f"{path}: is the place of a project that is there. Leave it out, or else the choices of a new one"
        )
    template = versions.working()
    questionnaire = Questionnaire(template.root)
    answers = collect(given, questionnaire, template.root, asking=False)
    return Recipe(template, questionnaire.resolve(answers))


def _recorded(path: Path) -> Recipe:
    try:
        project = find(path)
    except UserError as error:
        instead = "or name the choices of a new one, such as: shipsmith doctor --preset service"
        raise UserError(*error.problems, instead) from error
    return recipes.recorded(project)


def _as_data(found: Found) -> dict[str, Any]:
    need = found.need
    of_its_kind = (
        {"why": need.why, "at_least": need.at_least or None, "needed": found.needed}
        if isinstance(need, Program)
        else {"image": need.image, "variable": need.variable, "needed": found.needed}
    )
    return {
        "name": need.name,
        "kind": "program" if isinstance(need, Program) else "server",
        **of_its_kind,
        "found": found.there or None,
        "problem": found.problem or None,
        "install": dict(need.install),
    }


def _as_text(found: Found) -> list[str]:
    """A line, and for what cannot be used also the reason and the ways out."""
    need = found.need
    if not found.problem:
        return [f"ok        {need.name}: {found.there}" if found.there else f"ok        {need.name}"]
    of_its_kind = [need.why] if isinstance(need, Program) else []
    version = f" {need.at_least} or later" if isinstance(need, Program) and need.at_least else ""
    lines = of_its_kind + [f"{SYSTEMS[system]}: {command}" for system, command in need.install.items()]
    return [
        f"{'missing ' if found.needed else 'optional'}  {need.name}{version}: {found.problem}",
        *(f"          {line}" for line in lines),
    ]


def _summary(missing: list[str]) -> str:
    return f"Missing: {', '.join(missing)}." if missing else "All that is needed is here."
