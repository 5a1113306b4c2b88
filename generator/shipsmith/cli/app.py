"""The commands. The module of a command is imported when it runs."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "new": ("new", "Create a new service."),
    "options": ("catalogue", "List the options, what they accept, and which values exclude each other."),
    "update": ("change", "Update a project to a newer version of its template, keeping your edits."),
    "add": ("edit", "Add choices, resources or fields to a project without changing its version."),
    "remove": ("edit", "Remove choices, resources or fields. Files that you edited are kept as conflicts."),
    "rename": ("edit", "Rename a resource or a field: rows and numbers of the contract stay."),
    "change": ("edit", "Give a field another type, as far as rows and callers allow."),
    "describe": ("edit", "Say what resources and fields are, in the documents of the API."),
    "set": ("change", "Change a project's answers without changing its version."),
    "continue": (
        "change",
        "Finish a change after its conflicts are resolved: regenerate stubs and lock files.",
    ),
    "undo": (
        "change",
        "Undo a change that is not committed yet, however it ended.",
    ),
    "status": ("inspect", "Show the version and local changes. Exit status 4 if something needs attention."),
    "diff": ("inspect", "Show your edits to what was generated."),
    "doctor": (
        "doctor",
        "Look for the programs and servers that a project needs. Exit status 4 if any is missing.",
    ),
    "presets": ("catalogue", "The starter kits: `presets list`, `presets show full`."),
}
"""The module and help of each command, by name, in the order of the help."""


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
    help="Generate complete, production-grade microservice repositories, and keep them up to date.\n\n"
    "Exit status: 0 success, 1 invalid input, 2 wrong usage, 3 conflicts, 4 `status` or `doctor`\n"
    "found something, 70 internal error. See docs/cli.md.",
)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        # imported here, so that the help does not wait for it
        from importlib.metadata import version as installed

        print(f"shipsmith {installed('shipsmith')}")
        raise typer.Exit
