"""Which changes of a model are safe: for callers that know the old contract, and for rows that exist."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import defaults
from .difference import Aspect, Change, Kind, Renamed, aspects
from .resources import Field


@dataclass(frozen=True, slots=True)
class Intent:
    """What a command means to do with a model, beyond what the new answers say."""

    renamed: Renamed = field(default_factory=dict)
    renamed_fields: Renamed = field(default_factory=dict)
    """New names of fields, by `resource.field` as it was."""
    removes: frozenset[str] = frozenset()
    """The resources, and `resource.field`s, that shall go."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Values for rows that exist, by `resource.field`, as they were typed."""
    unapplied: bool = False
    """Whether what is removed was never migrated anywhere, so that its migration goes as well."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rules look at, beside a change."""

    intent: Intent
    recorded: Mapping[str, Any]
    keeps_rows: bool

    def of(self, change: Change) -> Mapping[str, Any]:
        """The numbers so far of the resource of a change."""
        found: Mapping[str, Any] = self.recorded.get((change.old or change.now).name, {})
        return found


AS_ANSWERED = Intent()
"""Nothing beyond what the answers say."""


def problems(
    changes: Iterable[Change], intent: Intent, recorded: Mapping[str, Any], *, keeps_rows: bool
) -> list[str]:
    """Why the changes are refused; nothing where they are safe. `recorded` are the numbers so far."""
    changes, known = list(changes), _Known(intent, recorded, keeps_rows)
    found = [
        f"{change.where}: {problem}"
        for change in changes
        for problem in list(_misplaced(change, known)) or _RULES.get(change.kind, _nothing)(change, known)
    ]
    concerned = {change.where for change in changes if change.new_field}
    unused = [where for where in intent.defaults if where not in concerned]
    return found + [f"{where}: is neither added nor changed. Leave out --default" for where in unused]


def _misplaced(change: Change, known: _Known) -> Iterator[str]:
    """Rows are where their ids say, which follow from a fixed field and never change."""
    old, new = change.old_field, change.new_field
    if not known.keeps_rows or change.kind not in _OF_FIELDS:
        return
    if new and new.fixed and not (old and old.fixed):
        yield (
            "the ids of rows that exist do not end as those of what they would refer to, so these may be on "
            f"other shards. Store the id as uuid, or add another resource with {_type(new)}"
        )
    elif old and old.fixed and (not new or {Aspect.TYPE, Aspect.NO_REFERENCE} & _aspects(old, new, known)):
        yield (
            "rows are kept with what this refers to, and versions that run beside each other would move them "
            "in different ways. Keep it, or add another resource and copy the rows"
        )


def _aspects(old: Field, new: Field, known: _Known) -> set[Aspect]:
    return set(aspects(old, new, known.intent.renamed))


def _nothing(change: Change, known: _Known) -> Iterator[str]:
    yield from ()


def _added_resource(change: Change, known: _Known) -> Iterator[str]:
    earlier = known.of(change)
    if earlier and not earlier.get("fields"):
        yield "a resource of this name was removed, and its numbers stay reserved. Choose another name"


def _removed_resource(change: Change, known: _Known) -> Iterator[str]:
    if change.where not in known.intent.removes:
        yield (
            "would be removed with its rows, and callers may use it. To remove it safely: shipsmith remove "
            f"resource {change.where}; to give it another name: shipsmith rename resource {change.where} NEW"
        )


def _removed_field(change: Change, known: _Known) -> Iterator[str]:
    here = f"{change.was.name}.{change.field_was.name}"
    if here not in known.intent.removes:
        yield (
            "would be removed with its values, and callers may use it. To remove it safely: shipsmith remove "
            f"field {here}; to give it another name: shipsmith rename field {here} NEW"
        )


def _added_field(change: Change, known: _Known) -> Iterator[str]:
    field = change.field_now
    if field.name in known.of(change).get("reserved", {}):
        yield "a field of this name was removed, and its name stays reserved. Choose another name"
    if field.optional:
        yield from _default_without_use(change, known)
    elif change.where in known.intent.defaults:
        yield from _wrong_default(change, known)
        if field.unique:
            yield (
                "a default would be the same in every row, and it is unique. Add it as optional, fill it, "
                f"then make it required: shipsmith change field '{change.where}: …'"
            )
    elif known.keeps_rows:
        yield (
            "is required, and rows that exist have no value for it. Give them one "
            f"(shipsmith add field '{change.where}: …' --default VALUE), or make it optional with ?"
        )


def _changed_field(change: Change, known: _Known) -> Iterator[str]:
    old, new = change.field_was, change.field_now
    found = aspects(old, new, known.intent.renamed)
    if Aspect.TYPE in found:
        yield (
            f"cannot become {_kind(new)}: callers read and write {_kind(old)}. Add a field of another name "
            f"(shipsmith add field '{change.now.name}.NAME:{_type(new)}?'), copy the values, then remove "
            f"this one: shipsmith remove field {change.where}"
        )
        return
    if Aspect.NARROWER in found and new.kind == "decimal":
        yield "would lose digits of values that exist. Keep its precision and scale, or make them greater"
    gone = known.of(change).get("reserved_values", {}).get(old.name, {})
    for value in new.values:
        if value in gone:
            yield f"the value {value} was removed, and its name stays reserved. Choose another name"
    if Aspect.REQUIRED in found and change.where in known.intent.defaults:
        yield from _wrong_default(change, known)
    else:
        yield from _default_without_use(change, known)


def _default_without_use(change: Change, known: _Known) -> Iterator[str]:
    if change.where in known.intent.defaults:
        yield "rows that exist need no value for it. Leave out --default"


def _wrong_default(change: Change, known: _Known) -> Iterator[str]:
    text = known.intent.defaults[change.where]
    try:
        defaults.parse(change.field_now, text)
    except ValueError as error:
        yield f"{text!r} is not a valid default. It takes {error}"


def _type(field: Field) -> str:
    return f"enum({', '.join(field.values)})" if field.values else _kind(field)


def _kind(field: Field) -> str:
    return f"{field.kind}({field.target})" if field.target else field.kind


_OF_FIELDS = (Kind.ADD_FIELD, Kind.CHANGE_FIELD, Kind.REMOVE_FIELD)

_RULES: dict[Kind, Callable[[Change, _Known], Iterator[str]]] = {
    Kind.ADD_RESOURCE: _added_resource,
    Kind.REMOVE_RESOURCE: _removed_resource,
    Kind.ADD_FIELD: _added_field,
    Kind.CHANGE_FIELD: _changed_field,
    Kind.REMOVE_FIELD: _removed_field,
}
