"""The types of the properties of a JSON Schema, by their names."""

from typing import Any


def types_of(schema: dict[str, Any]) -> dict[str, tuple[set[str], set[str | None]]]:
    """For each property: its types, and the values of an enum."""
    return {name: _types(each, schema.get("$defs", {})) for name, each in schema["properties"].items()}


def _types(schema: dict[str, Any], definitions: dict[str, Any]) -> tuple[set[str], set[str | None]]:
    if reference := schema.get("$ref"):
        return _types(definitions[reference.rpartition("/")[2]], definitions)
    types: set[str] = set()
    values: set[str | None] = set(schema.get("enum", ()))
    for each in schema.get("anyOf", ()):
        other_types, other_values = _types(each, definitions)
        types |= other_types
        values |= other_values
    named = schema.get("type", [])
    return types | ({named} if isinstance(named, str) else set(named)), values - {None}
