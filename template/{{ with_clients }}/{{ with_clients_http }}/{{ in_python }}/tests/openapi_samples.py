"""Values that an OpenAPI document allows, made from its schemas alone."""

from dataclasses import dataclass
from typing import Any

DEEPEST = 4
FORMATS = {
    "date": "2024-05-06",
    "date-time": "2024-05-06T07:08:09Z",
    "decimal": "1.50",
    "uuid": "0f0e0d0c-0b0a-4908-8706-050403020100",
}


@dataclass(frozen=True)
class Samples:
    document: dict[str, Any]
    all_properties: bool
    """Or only those that are required."""
    sent: bool
    """Whether they are for a request, which leaves out what can only be read; or else for an answer."""

    def of(self, schema: Any, depth: int = 0) -> Any:
        schema = self._resolved({} if schema is True else schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for kind in ("oneOf", "anyOf"):
            if kind in schema:
                return self._first(schema, schema[kind][0], depth)
        types = schema.get("type", "object" if "properties" in schema or "allOf" in schema else "null")
        return self._plain(types[0] if isinstance(types, list) else types, schema, depth)

    def _first(self, schema: dict[str, Any], member: Any, depth: int) -> Any:
        """A value of the first member of a union, which says which one it is."""
        told = schema.get("discriminator")
        found = self.of(member, depth)
        if not told:
            return found
        names = {pointer: value for value, pointer in told.get("mapping", {}).items()}
        name = member["$ref"].rpartition("/")[2]
        return {**found, told["propertyName"]: names.get(member["$ref"], names.get(name, name))}

    def _plain(self, kind: str, schema: dict[str, Any], depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return [] if depth > DEEPEST else [self.of(schema.get("items", {}), depth + 1)]
            case "string":
                return FORMATS.get(schema.get("format", ""), "a ü&/?")
            case "integer" | "number":
                return {"integer": 7, "number": 1.5}[kind]
            case "boolean":
                return True
        return None

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties, required = self._properties(schema)
        hidden = "readOnly" if self.sent else "writeOnly"
        wanted = {
            name: each
            for name, each in properties.items()
            if not self._resolved(each).get(hidden)
            and (name in required or (self.all_properties and depth < DEEPEST))
        }
        found = {name: self.of(each, depth + 1) for name, each in wanted.items()}
        more = schema.get("additionalProperties")
        return found | ({"an other": self.of(more, depth + 1)} if more and self.all_properties else {})

    def _properties(self, schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        properties, required = dict(schema.get("properties", {})), set(schema.get("required", []))
        for each in schema.get("allOf", []):
            below, needed = self._properties(self._resolved(each))
            properties, required = below | properties, required | needed
        return properties, required

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"][2:].split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        alone = "allOf" in schema and len(schema["allOf"]) == 1 and "properties" not in schema
        return self._resolved(schema["allOf"][0]) if alone else schema
