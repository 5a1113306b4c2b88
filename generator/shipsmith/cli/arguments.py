"""Arguments of several commands."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Defaults = Annotated[bool, typer.Option("--defaults", help="Do not prompt; use defaults.")]
Where = Annotated[Path, typer.Argument(help="The project's folder.")]
At = Annotated[Path, typer.Option("--path", help="The project's folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change without changing anything.")]
Presets = Annotated[
    list[str] | None, typer.Option(help="Starter kit, by name or file. Repeatable; later ones win.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="OPTION=VALUE", help="Set an answer. Repeatable.")
]
AnswersFile = Annotated[Path | None, typer.Option("--answers", metavar="FILE", help="Answers as YAML.")]
