"""The schemas of a document, written afresh: only what says which values there are, under names of Python.

Models are made of that alone, so no extension, default or description of a document gets into code.
"""

from collections.abc import Iterator
from typing import Any

from openapi_document import Document, last_of, pascal

COMPONENTS = "#/components/schemas/"
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
FORMATS = ("date", "date-time", "decimal", "uuid")
SCALARS = {"boolean": "bool", "integer": "int", "number": "float", "string": "str"}
TEXTS = {"date": "dt.date", "date-time": "dt.datetime", "decimal": "Decimal", "uuid": "UUID"}
NULL = {"type": "null"}
TAKEN = (
    *("Annotated", "Any", "ConfigDict", "Decimal", "Endpoint", "Field", "False", "Literal", "Model", "None"),
    *("Protocol", "Request", "Service", "True", "TypeAdapter", "TypeAliasType", "Union"),
)
"""Names that the code uses itself."""


class Schemas:
    def __init__(self, document: Document, *taken: str) -> None:
        self.components: dict[str, dict[str, Any]] = {}
        """Those that are used, by their names in Python."""
        self._document = document
        self._names: set[str] = {*TAKEN, *taken}
        self._named: dict[str, str] = {}
        """The names of what references point to."""
        for name in map(str, (document.content.get("components") or {}).get("schemas") or {}):
            pointer = COMPONENTS + name.replace("~", "~0").replace("/", "~1")
            self._named[pointer] = self._unique(name)

    def type_of(self, raw: Any, where: str, name: str) -> str:
        """The type in Python of a body; it gets the `name` if it needs one."""
        return self._type(self._nested(raw, where, name), name)

    def _type(self, schema: dict[str, Any], name: str) -> str:
        if not schema:
            return "Any"
        if schema.get("type") == "array":
            return f"list[{self._type(schema.get('items', {}), f'{name}Item')}]"
        return last_of((schema if "$ref" in schema else self._hoisted(schema, name))["$ref"])

    def plain(self, raw: Any, where: str, *, lists: bool) -> list[str]:
        """The types in Python of a parameter: scalars, or a list of them. Empty if it is anything else."""
        schema = self._document.resolved(raw, where)
        if isinstance(schema.get("type"), list):
            schema = {"anyOf": [{**schema, "type": each} for each in schema["type"]]}
        null = ["None"] if schema.get("nullable") is True else []
        if _is_literal(schema):
            values = schema.get("enum", [schema.get("const")])
            texts = [repr(each) for each in values if each is not None]
            null = null or ["None"] * (None in values)
            return [f"Literal[{', '.join(texts)}]"] * bool(texts) + null
        for kind in ("anyOf", "oneOf", "allOf"):
            if kind in schema:
                found = [self.plain(each, where, lists=lists) for each in _list_of(schema, kind)]
                return list(dict.fromkeys(sum(found, null))) if all(found) else []
        match schema.get("type"):
            case "null":
                return ["None"]
            case "array" if lists:
                item = joined(self.plain(schema.get("items", {}), where, lists=False))
                return [f"list[{item}]", *null] if item else []
            case str(type_) if type_ in SCALARS:
                text = TEXTS.get(str(schema.get("format"))) if type_ == "string" else None
                return [text or SCALARS[type_], *null]
        return []

    def _reference(self, pointer: object, where: str) -> dict[str, Any]:
        raw = self._document.pointed(pointer, where)
        text = str(pointer)
        if text not in self._named:
            self._named[text] = self._unique(last_of(text))
        name = self._named[text]
        if name not in self.components:
            self.components[name] = {}
            self.components[name] = self._schema(raw, text, name)
        return {"$ref": COMPONENTS + name}

    def _nested(self, raw: Any, where: str, name: str) -> dict[str, Any]:
        """A schema within another one. What becomes a class is hoisted, so that none is named by chance."""
        schema = self._schema(raw, where, name)
        return self._hoisted(schema, name) if {"properties", "allOf"} & schema.keys() else schema

    def _hoisted(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        name = self._unique(name)
        self.components[name] = schema
        return {"$ref": COMPONENTS + name}

    def _schema(self, raw: Any, where: str, name: str) -> dict[str, Any]:
        if raw is True:
            return {}
        if not isinstance(raw, dict):
            self._document.problem(where, "is not a schema")
            return {}
        if "$ref" in raw:
            return self._reference(raw["$ref"], where)
        types = raw.get("type", [])
        types = types if isinstance(types, list) else [types]
        for each in types:
            if each not in TYPES:
                self._document.problem(where, f"has the unknown type {each!r}")
        others = [each for each in types if each != "null"]
        if others and (len(others) < len(types) or raw.get("nullable") is True):
            plain = {**raw, "type": others, "nullable": False}
            return {"anyOf": [self._nested(plain, where, f"{name}Value"), NULL]}
        if raw.get("nullable") is True:
            return {"anyOf": [self._nested({**raw, "nullable": False}, where, f"{name}Value"), NULL]}
        if len(others) > 1:
            return {"anyOf": [self._schema({**raw, "type": each}, where, name) for each in others]}
        kind = (others or types or [None])[0]
        return self._of_one_type({**raw, "type": kind}, kind, where, name)

    def _of_one_type(self, raw: dict[str, Any], kind: str | None, where: str, name: str) -> dict[str, Any]:
        if _is_literal(raw):
            return {key: raw[key] for key in ("enum", "const") if key in raw}
        found: dict[str, Any] = {"type": kind} if kind else {}
        if kind == "string" and raw.get("format") == "binary":
            self._document.problem(where, "is binary, and only JSON is supported. Remove it")
        elif kind == "string" and raw.get("format") in FORMATS:
            found["format"] = raw["format"]
        if "items" in raw and kind == "array":
            found["items"] = self._nested(raw["items"], f"{where}/items", f"{name}Item")
        found |= self._object(raw, where, name)
        parts = [self._schema(each, f"{where}/allOf", name) for each in _list_of(raw, "allOf")]
        if parts := [each for each in parts if each]:
            found = parts[0] if len(parts) == 1 and found.keys() <= {"type"} else {**found, "allOf": parts}
        for union in ("oneOf", "anyOf"):
            if union in raw:
                return self._union(raw, union, found, where, name)
        return found

    def _object(self, raw: dict[str, Any], where: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        properties = raw.get("properties") or {}
        more = raw.get("additionalProperties")
        if properties:
            found["properties"] = {
                str(key): self._nested(each, f"{where}/{key}", name + pascal(str(key)))
                for key, each in properties.items()
            }
        if properties or more:
            found["type"] = "object"
        if more:
            values = self._nested(more, f"{where}/additionalProperties", f"{name}Value")
            found["additionalProperties"] = True if properties else values
        elif not properties and raw.get("type") == "object" and not raw.keys() & {"allOf", "anyOf", "oneOf"}:
            found["additionalProperties"] = True
        one_way = {key for key, each in properties.items() if _is_one_way(each)}
        if required := [str(each) for each in _list_of(raw, "required") if each not in one_way]:
            found["required"] = required
        return found

    def _union(
        self, raw: dict[str, Any], kind: str, beside: dict[str, Any], where: str, name: str
    ) -> dict[str, Any]:
        members = [
            self._schema(each, f"{where}/{kind}", f"{name}{number}")
            for number, each in enumerate(_list_of(raw, kind), 1)
        ]
        if {"properties", "allOf"} & beside.keys():
            base = self._hoisted(beside, f"{name}Base")
            members = [{"allOf": [base, each]} if each else base for each in members]
        unnamed = {"properties", "allOf", "required"}
        union: dict[str, Any] = {
            kind: [
                self._hoisted(each, f"{name}{number}") if unnamed & each.keys() else each
                for number, each in enumerate(members, 1)
            ]
        }
        if {} in union[kind]:
            return {}
        return union | self._discriminator(raw, _list_of(raw, kind), where)

    def _discriminator(self, raw: dict[str, Any], members: list[Any], where: str) -> dict[str, Any]:
        """By which property the members differ, if each of them has it itself."""
        told = raw.get("discriminator") or {}
        key = told.get("propertyName")
        pointers = [str(each.get("$ref", "")) if isinstance(each, dict) else "" for each in members]
        if not key or not all(
            pointer and key in (self._document.resolved({"$ref": pointer}, where).get("properties") or {})
            for pointer in pointers
        ):
            return {}
        values = {
            target if str(target).startswith("#") else f"{COMPONENTS}{target}": str(value)
            for value, target in (told.get("mapping") or {}).items()
        }
        mapping = {
            values.get(pointer, last_of(pointer)): COMPONENTS + self._named[pointer] for pointer in pointers
        }
        return {"discriminator": {"propertyName": key, "mapping": mapping}}

    def check_cycles(self) -> None:
        """Whether each has an end: objects and lists may contain themselves, and nothing else."""
        pointers = {name: pointer for pointer, name in self._named.items()}
        for start in self.components:
            waiting, met = [start], set[str]()
            while waiting:
                below = set(_direct(self.components[waiting.pop()]))
                if start in below:
                    problem = "contains itself without an object in between. Put one there"
                    self._document.problem(pointers.get(start, start), problem)
                    break
                waiting += below - met
                met |= below

    def _unique(self, text: str) -> str:
        name = pascal(text)
        name = f"{name}Model" if name in self._names or name.upper() == name else name
        number, base = 1, name
        while name in self._names:
            number += 1
            name = f"{base}N{number}"
        self._names.add(name)
        return name


def joined(types: list[str]) -> str:
    return " | ".join(sorted(types, key="None".__eq__))


def _direct(schema: dict[str, Any]) -> Iterator[str]:
    """The components of which this one consists."""
    if "$ref" in schema:
        yield last_of(schema["$ref"])
    for kind in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(kind, []):
            yield from _direct(each)


def _is_literal(schema: dict[str, Any]) -> bool:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if not values or not isinstance(values, list):
        return False
    return all(isinstance(each, str | int | None) for each in values)


def _is_one_way(schema: Any) -> bool:
    return isinstance(schema, dict) and True in (schema.get("readOnly"), schema.get("writeOnly"))


def _list_of(raw: dict[str, Any], key: str) -> list[Any]:
    found = raw.get(key) or []
    return found if isinstance(found, list) else []
