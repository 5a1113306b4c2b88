"""What changes of a model mean for those who call the service, in words."""

from collections.abc import Iterable, Iterator, Mapping

from .difference import Change, Kind, aspects
from .rules import Intent


def lines(changes: Iterable[Change], intent: Intent) -> list[str]:
    """One line or more for each change."""
    return [f"{change.where}: {line}" for change in changes for line in _lines(change, intent)]


def _lines(change: Change, intent: Intent) -> Iterator[str]:
    match change.kind:
        case Kind.ADD_RESOURCE:
            fields = (f"{each.name} = {each.number}" for each in change.now.fields.values())
            yield f"new, with {', '.join(fields)}"
        case Kind.RENAME_RESOURCE:
            yield f"was {change.was.name}: its address, messages and methods have the new name"
        case Kind.REMOVE_RESOURCE:
            yield f"removed. Requests for it fail{_lost('rows', intent)}"
        case Kind.ADD_FIELD:
            required = "" if change.field_now.optional else "; callers have to send it"
            yield f"new, with the number {change.field_now.number}{required}"
        case Kind.RENAME_FIELD:
            old = change.field_was
            yield f"was {old.name}, and keeps the number {old.number}; in JSON it has the new name"
        case Kind.REMOVE_FIELD:
            reserved = "" if intent.unapplied else f", and {change.field_was.number} is reserved"
            yield f"removed{reserved}{_lost('values', intent)}"
        case Kind.CHANGE_FIELD:
            yield from aspects(change.field_was, change.field_now, intent.renamed)
            yield from _values(change.field_was.values, change.field_now.values)


def _lost(what: str, intent: Intent) -> str:
    return "" if intent.unapplied else f"; its {what} are lost when the migration that drops them is applied"


def _values(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[str]:
    yield from (f"new value {each} = {number}" for each, number in new.items() if each not in old)
    yield from (
        f"{each} removed, and {number} is reserved" for each, number in old.items() if each not in new
    )
