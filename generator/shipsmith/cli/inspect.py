"""The commands that inspect a project: its status, and the user's edits."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Exit
from ..update import status as comparison
from . import report
from .arguments import At, Json, Where
from .found import find

app = typer.Typer(rich_markup_mode=None)

Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="Files; by default all.")]


@app.command(epilog="Examples:\n\n  shipsmith status\n\n  shipsmith status services/orders --json")
def status(path: Where = Path("."), json_: Json = False) -> None:
    found = comparison.status(find(path))
    print(json.dumps(report.status_as_data(found), indent=2) if json_ else report.status_as_text(found))
    if found.needs_attention:
        raise typer.Exit(Exit.ATTENTION)


@app.command(epilog="Examples:\n\n  shipsmith diff\n\n  shipsmith diff src/orders/service.py")
def diff(files: Files = None, path: At = Path(".")) -> None:
    comparison.show(find(path), files or [])
