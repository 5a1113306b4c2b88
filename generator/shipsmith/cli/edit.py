"""The commands that change what a project consists of: choices, resources and fields."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UserError
from ..project.existing import Project
from ..project.history import earlier
from ..template.questionnaire import Answers, Questionnaire
from . import model_words
from .arguments import At, Defaults, DryRun, Json
from .changing import How, change_answers, change_clients, change_model
from .model_words import FIELD, RESOURCE, Edited, Resources
from .words import notes_of_removal, to_add, to_remove

CLIENT = "client"

app = typer.Typer(rich_markup_mode=None)

Listed = Annotated[
    list[str],
    typer.Argument(
        metavar="CHOICE…",
        help="Choices, see `shipsmith options`; or `resource NAME`, or `field NAME:TYPE …`.",
    ),
]
Chosen = Annotated[
    list[str],
    typer.Argument(metavar="CHOICE…", help="Choices; or `resource NAME …`, or `field NAME …`."),
]
Renamed = Annotated[
    list[str],
    typer.Argument(metavar="resource|field OLD NEW", help="What is renamed, and how it was called."),
]
Changed = Annotated[
    list[str], typer.Argument(metavar="field NAME:TYPE…", help="Fields, with their new types.")
]
Fields = Annotated[
    list[str] | None, typer.Option(metavar="'NAME: TYPE'", help="A field of the new resource. Repeatable.")
]
Describe = Annotated[
    list[str] | None,
    typer.Option(metavar="'NAME: TEXT'", help="What a resource or a field is, for API docs. Repeatable."),
]
Described = Annotated[
    list[str],
    typer.Argument(metavar="'NAME: TEXT'…", help="Resources or fields, and what they are; no text: nothing."),
]
Default = Annotated[
    str | None, typer.Option(metavar="VALUE", help="What rows that exist get in a required field.")
]
Unapplied = Annotated[
    bool,
    typer.Option(
        "--unapplied", help="Its migration was never applied anywhere: take everything back, reserve nothing."
    ),
]


@app.command(
    epilog="Examples:\n\n  shipsmith add valkey\n\n  shipsmith add grpc database=postgresql --dry-run\n\n"
    "  shipsmith add resource invoice --field 'order: ref(order)' --field 'total: decimal(12,2)'\n\n"
    "  shipsmith add client inventory ../inventory/proto\n\n"
    "  shipsmith add field 'order.note:text?'\n\n"
    "  shipsmith add field 'order.priority:int(1..5)' --default 3 --dry-run"
)
def add(
    words: Listed,
    path: At = Path("."),
    field: Fields = None,
    describe: Describe = None,
    default: Default = None,
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    how = How(dry_run, defaults, json_)
    title = f"Add {_named(words)}"
    is_resource, is_field = words[0] == RESOURCE, words[0] == FIELD
    misplaced = {"--field": field and not is_resource, "--default": default and not is_field}
    _check_flags(words, misplaced | {"--describe": describe and not (is_resource or is_field)})

    def added(now: Resources) -> Edited:
        if is_resource:
            edited = model_words.add_resource(now, words[1:], field or [])
        else:
            edited = model_words.add_fields(now, words[1:], default)
        return edited.described(describe or [], "--describe")

    if is_resource or is_field:
        change_model(path, added, title, how)
    elif words[0] == CLIENT:
        _add_client(words[1:], path, how)
    else:
        change_answers(path, lambda project, questions, current: to_add(words, questions), title, how)


def _add_client(words: list[str], path: Path, how: How) -> None:
    if len(words) != 2:
        raise UserError("which service? Write shipsmith add client NAME FILE")
    name, document = words
    change_clients(path, name, Path(document), f"Add client {name}", how)


@app.command(
    epilog="Examples:\n\n  shipsmith remove valkey\n\n  shipsmith remove grpc --dry-run\n\n"
    "  shipsmith remove field order.remark\n\n  shipsmith remove resource invoice --unapplied"
)
def remove(
    words: Chosen,
    path: At = Path("."),
    unapplied: Unapplied = False,
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    how = How(dry_run, defaults, json_)
    title = f"Remove {_named(words)}"
    _check_flags(words, {"--unapplied": unapplied and words[0] not in (RESOURCE, FIELD)})
    if words[0] == CLIENT:
        if len(words) != 2:
            raise UserError("which service? Write shipsmith remove client NAME")
        change_clients(path, words[1], None, title, how)
    elif words[0] in (RESOURCE, FIELD):
        removed = model_words.remove_resources if words[0] == RESOURCE else model_words.remove_fields
        change_model(path, lambda now: removed(now, words[1:], unapplied=unapplied), title, how)
    else:
        change_answers(path, partial(_without, words), title, how, notes_of_removal)


@app.command(
    epilog="Examples:\n\n  shipsmith rename field order.note remark\n\n"
    "  shipsmith rename resource order purchase --dry-run"
)
def rename(
    words: Renamed,
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    how = How(dry_run, defaults, json_)
    _check_kind(words, "rename", (RESOURCE, FIELD))
    renamed = model_words.rename_resource if words[0] == RESOURCE else model_words.rename_field
    title = f"Rename {' to '.join(words[1:])}"
    change_model(path, lambda now: renamed(now, words[1:]), title, how)


@app.command(
    "change",
    epilog="Examples:\n\n  shipsmith change field 'order.total:decimal(14,2)'\n\n"
    "  shipsmith change field 'order.status:enum(new, paid, shipped)' 'order.code:str unique'\n\n"
    "  shipsmith change field 'order.note:text' --default ''",
)
def change_(
    words: Changed,
    path: At = Path("."),
    default: Default = None,
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    how = How(dry_run, defaults, json_)
    _check_kind(words, "change", (FIELD,))
    title = f"Change {_named(words)}"
    change_model(path, lambda now: model_words.change_fields(now, words[1:], default), title, how)


@app.command(
    epilog="Examples:\n\n  shipsmith describe 'order: What a customer buys at once.'\n\n"
    "  shipsmith describe 'order.note: What the customer wrote.' 'order.total:'",
)
def describe(
    words: Described,
    path: At = Path("."),
    dry_run: DryRun = False,
    defaults: Defaults = False,
    json_: Json = False,
) -> None:
    title = f"Describe {_places(words)}"
    change_model(path, lambda now: model_words.describe(now, words), title, How(dry_run, defaults, json_))


def _places(words: list[str]) -> str:
    return ", ".join(word.partition(":")[0].strip() for word in words)


def _without(words: list[str], project: Project, questionnaire: Questionnaire, current: Answers) -> Answers:
    return to_remove(words, questionnaire, current, earlier(project))


def _named(words: list[str]) -> str:
    """The words as a title has them: of `field order.note:text?` the name alone."""
    if words[0] == FIELD:
        return _places(words[1:])
    return " ".join(words) if words[0] in (RESOURCE, CLIENT) else ", ".join(words)


def _check_flags(words: list[str], misplaced: dict[str, Any]) -> None:
    """Raise UserError for flags that the words have no use for."""
    if wrong := [flag for flag, is_misplaced in misplaced.items() if is_misplaced]:
        raise UserError(*(f"{flag}: has no use with {words[0]!r}. Leave it out" for flag in wrong))


def _check_kind(words: list[str], name: str, kinds: tuple[str, ...]) -> None:
    if words[0] not in kinds:
        ways = " or ".join(f"shipsmith {name} {kind} …" for kind in kinds)
        raise UserError(f"{words[0]}: what is it? Write {ways}")
