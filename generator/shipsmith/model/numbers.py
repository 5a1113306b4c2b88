"""The numbers of a contract: what was published keeps its number, and what goes leaves it reserved.

They are recorded in the answers as `numbers`:
resource → {fields: {name: number}, values: {field: {value: number}}, reserved: {name: number},
reserved_values: {field: {value: number}}}.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .difference import Renamed
from .resources import Field, Model, Resource

Numbers = dict[str, dict[str, Any]]


def renumbered(
    old: Model, recorded: Mapping[str, Any], new: Model, renamed: Renamed, renamed_fields: Renamed
) -> Numbers:
    """The numbers of `new`, whose own are not looked at: names are the same as in `old` or renamed.

    `renamed_fields` has the new names of fields by `resource.field`, by the names that were.
    """
    numbers: Numbers = {}
    origins = {renamed.get(name, name): name for name in old}
    for name, resource in new.items():
        before = old.get(origins.get(name, ""))
        known = recorded.get(before.name, {}) if before else recorded.get(name, {})
        numbers[name] = _numbered(before, known, resource, renamed_fields)
    for name, known in recorded.items():
        if name not in old and name not in numbers:
            numbers[name] = dict(known)
    for name, resource in old.items():
        if renamed.get(name, name) not in new:
            numbers[name] = _gone(resource, recorded.get(name, {}))
    return numbers


def _numbered(
    before: Resource | None, known: Mapping[str, Any], resource: Resource, renamed_fields: Renamed
) -> dict[str, Any]:
    used: dict[str, Field] = {}
    if before:
        used = {
            renamed_fields.get(f"{before.name}.{field.name}", field.name): field
            for field in before.fields.values()
        }
    reserved = dict(known.get("reserved", {}))
    reserved |= {field.name: field.number for name, field in used.items() if name not in resource.fields}
    numbers = {name: used[name].number for name in resource.fields if name in used}
    fields = _allotted(resource.fields, numbers, reserved)
    values: dict[str, Any] = {}
    reserved_values: dict[str, Any] = {}
    for name, field in resource.fields.items():
        if field.values:
            earlier = used[name].values if name in used else {}
            origin = used[name].name if name in used else name
            gone = dict(known.get("reserved_values", {}).get(origin, {}))
            gone |= {value: number for value, number in earlier.items() if value not in field.values}
            kept = {value: earlier[value] for value in field.values if value in earlier}
            values[name] = _allotted(field.values, kept, gone)
            reserved_values |= {name: gone} if gone else {}
    return {"fields": fields, "values": values, "reserved": reserved, "reserved_values": reserved_values}


def _allotted(names: Iterable[str], known: Mapping[str, int], reserved: Mapping[str, int]) -> dict[str, int]:
    """A number for each name: the one it has, else the next after all that was ever given."""
    following = max([0, *known.values(), *reserved.values()]) + 1
    numbers = {}
    for name in names:
        if name in known:
            numbers[name] = known[name]
        else:
            numbers[name], following = following, following + 1
    return numbers


def _gone(resource: Resource, known: Mapping[str, Any]) -> dict[str, Any]:
    """What stays recorded of a resource that was removed: all its numbers were published."""
    reserved = dict(known.get("reserved", {})) | {
        field.name: field.number for field in resource.fields.values()
    }
    return {"fields": {}, "values": {}, "reserved": reserved, "reserved_values": {}}
