"""Models as a template describes them, written by hand."""

from typing import Any

from shipsmith.model.resources import Model, parse


def field(name: str, number: int, kind: str = "str", **details: Any) -> dict[str, Any]:
    """A field as a template describes it; `values` are names with their numbers."""
    values = [{"name": value, "number": each} for value, each in details.pop("values", {}).items()]
    usual = {"optional": False, "unique": False, "minimum": None, "maximum": None, "precision": None}
    target = details.get("target")
    described = {
        "name": name,
        "kind": kind,
        "number": number,
        "scale": None,
        "target": target,
        "values": values,
    }
    return usual | described | {"target_plural": f"{target}s" if target else None} | details


def model(**resources: list[dict[str, Any]]) -> Model:
    """A model of these resources, whose plurals end in s."""
    return parse([resource(name, fields) for name, fields in resources.items()])


def resource(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "plural": f"{name}s",
        "Name": name.title(),
        "Names": f"{name.title()}s",
        "path": f"{name}s",
        "fields": fields,
        "reserved": {"names": [], "numbers": []},
        "reserved_values": {},
    }
