"""The command line: which commands there are. The module of one is imported when it is run."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "new": ("new", "Make a new service."),
    "options": ("inspect", "List the options, what they accept, and which values exclude each other."),
    "update": ("change", "Bring a project to a newer version of its template; your edits stay."),
    "add": ("change", "Add choices to a project, at the version it has."),
    "remove": ("change", "Remove choices from a project; files that you edited stay, as conflicts."),
    "set": ("change", "Change a project's answers, at the version it has."),
    "continue": (
        "change",
        "Finish a change whose conflicts you have resolved: stubs and locks are made again.",
    ),
    "undo": (
        "change",
        "Put everything back as it was before a change that is not committed, however it ended.",
    ),
    "status": ("inspect", "Show the version, and what differs from it. Exit status 4: it needs attention."),
    "diff": ("inspect", "Show your edits to what was generated."),
    "presets": ("inspect", "The starter kits: `presets list`, `presets show full`."),
}
"""By their names, in the order of the help: the module of each, and its help."""


class _Lazy(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=help_) for name, (_, help_) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        if not name or not listed:
            return name, listed, rest
        module = import_module(f".{COMMANDS[name][0]}", __package__)
        command = typer.main.get_group(module.app).commands[name]
        command.help = listed.help
        return name, command, rest


app = typer.Typer(
    cls=_Lazy,
    name="shipsmith",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Make complete, production-grade microservice repositories, and keep them up to date.\n\n"
    "Exit status: 0 done, 1 your mistake, 2 wrong usage, 3 conflicts, 4 `status` found something,\n"
    "70 our fault; docs/cli.md says more.",
)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        # the help need not wait for it
        from importlib.metadata import version as installed

        print(f"shipsmith {installed('shipsmith')}")
        raise typer.Exit
