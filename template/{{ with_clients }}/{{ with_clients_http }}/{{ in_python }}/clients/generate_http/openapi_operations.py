"""The operations of a document, and what of them clients cannot send or read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openapi_document import Document, attribute, pascal
from openapi_schemas import Schemas, joined

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
REPEATABLE = ("get", "put", "delete", "options", "head")
PATH = re.compile(r"(/[\w.~:@!$&'()*+,;={}%-]*)+", re.ASCII)
HEADER = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
JSON = re.compile(r"application/(json|[\w.+-]+\+json)", re.ASCII)
OF_THE_CALL = ("accept", "authorization", "content-type")
"""Headers that are not parameters, whatever a document says."""
KEY = "idempotency-key"
STYLES = {"path": "simple", "query": "form", "header": "simple"}
NAMES = ("body", "commas", "new_key", "self")
CONSTANTS = ("ENDPOINTS", "UUID")


@dataclass(frozen=True, eq=False)
class Parameter:
    name: str
    """In Python."""
    wire: str
    place: str
    type: str
    required: bool
    schema: Any
    commas: bool


@dataclass(frozen=True)
class Body:
    type: str
    required: bool
    schema: Any
    media_type: str


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    parameters: list[Parameter]
    body: Body | None
    answers: dict[int, tuple[str, Any]]
    """The types of successes, and their schemas, by status or by its first digit; `None` has no content."""
    repeatable: bool
    credential: str

    @property
    def constant(self) -> str:
        return self.name.upper()


@dataclass(frozen=True)
class Reader:
    document: Document
    schemas: Schemas

    def operations(self) -> Iterator[Operation]:
        names: dict[str, str] = {}
        for path, item in (self.document.content.get("paths") or {}).items():
            shared = self.document.resolved(item, path)
            if not PATH.fullmatch(path):
                self.document.problem(path, "is not a path. Use letters, digits and {name}")
            for method in METHODS:
                if method in shared:
                    operation = self._operation(method, path, shared)
                    where = f"{method.upper()} {path}"
                    if other := names.get(operation.constant):
                        problem = f"is {operation.name} in Python, and so is {other}. Change an operationId"
                        self.document.problem(where, problem)
                    names[operation.constant] = where
                    yield operation

    def _operation(self, method: str, path: str, item: dict[str, Any]) -> Operation:
        where = f"{method.upper()} {path}"
        raw = self.document.resolved(item[method], where)
        name = attribute(str(raw.get("operationId") or where))
        name = f"{name}_" if name.upper() in CONSTANTS else name
        parameters = list(self._parameters(where, item.get("parameters", []), raw.get("parameters", [])))
        in_path = {each.wire for each in parameters if each.place == "path"}
        for missing in sorted(in_path ^ set(re.findall(r"{(.+?)}", path))):
            self.document.problem(where, f"{missing} is not both in the path and a parameter. Add it")
        return Operation(
            name,
            method,
            path,
            parameters,
            self._body(where, raw, pascal(name)),
            self._answers(where, raw, pascal(name), has_content=method != "head"),
            method in REPEATABLE or any(each.wire.lower() == KEY for each in parameters),
            self._credential(where, raw),
        )

    def _parameters(self, where: str, shared: Any, own: Any) -> Iterator[Parameter]:
        resolved = [self.document.resolved(each, where) for each in (*shared, *own)]
        found = {(str(raw.get("in")), str(raw.get("name"))): raw for raw in resolved}
        taken = set(NAMES)
        for (place, wire), raw in found.items():
            if place == "header" and wire.lower() in OF_THE_CALL:
                continue
            about = f"{where}: parameter {wire}"
            if place not in STYLES or (place == "header" and not HEADER.fullmatch(wire)):
                self.document.problem(about, f"is in {place}, which clients cannot send. Remove it")
                continue
            name = attribute(wire)
            name = f"{name}_{place}" if name in taken else name
            if name in taken:
                self.document.problem(about, f"is {name} in Python, and so is another one. Rename one")
            taken.add(name)
            yield self._parameter(about, name, place, raw)

    def _parameter(self, about: str, name: str, place: str, raw: dict[str, Any]) -> Parameter:
        style = raw.get("style", STYLES[place])
        if style != STYLES[place] or "content" in raw:
            self.document.problem(about, f"has a style that is not supported. Use {STYLES[place]}")
        schema = raw.get("schema", {})
        types = self.schemas.plain(schema, about, lists=place == "query")
        if not types:
            self.document.problem(about, "is not a plain value. Remove it")
        wire = str(raw.get("name"))
        required = place == "path" or (raw.get("required") is True and wire.lower() != KEY)
        is_joined = any(each.startswith("list[") for each in types) and raw.get("explode", True) is False
        given = types if required else list(dict.fromkeys([*types, "None"]))
        return Parameter(name, wire, place, joined(given), required, schema, is_joined)

    def _body(self, where: str, raw: dict[str, Any], name: str) -> Body | None:
        if "requestBody" not in raw:
            return None
        body = self.document.resolved(raw["requestBody"], where)
        media_type, schema = self._json(f"{where}: body", body)
        type_ = self.schemas.type_of(schema, f"{where}: body", f"{name}Body")
        return Body(type_, body.get("required") is True, schema, media_type)

    def _answers(
        self, where: str, raw: dict[str, Any], name: str, *, has_content: bool
    ) -> dict[int, tuple[str, Any]]:
        found: dict[int, tuple[str, Any]] = {}
        for status, each in (raw.get("responses") or {}).items():
            text = str(status).upper()
            if not re.fullmatch(r"2(\d\d|XX)", text):
                continue
            answer = self.document.resolved(each, where)
            about = f"{where}: answer {text}"
            type_, schema = "None", None
            if has_content and answer.get("content"):
                _, schema = self._json(about, answer)
                type_ = self.schemas.type_of(schema, about, f"{name}Answer{'' if not found else text}")
            found[2 if text == "2XX" else int(text)] = (type_, schema)
        if not found:
            self.document.problem(where, "has no answer of 2XX. Add it")
        return found

    def _json(self, about: str, raw: dict[str, Any]) -> tuple[str, Any]:
        """The media type of the content that is JSON, and its schema."""
        kinds = raw.get("content") or {}
        for kind, media in kinds.items():
            plain = str(kind).partition(";")[0].strip().lower()
            if JSON.fullmatch(plain):
                return plain, (media or {}).get("schema", {})
        found = ", ".join(map(str, kinds)) or "nothing"
        self.document.problem(about, f"is not JSON, but {found}. Remove the operation if it is not needed")
        return "", {}

    def _credential(self, where: str, raw: dict[str, Any]) -> str:
        """The header with a credential, if the operation needs one."""
        content = self.document.content
        choices = raw.get("security", content.get("security", []))
        schemes = (content.get("components") or {}).get("securitySchemes") or {}
        refused = set()
        for names in choices:
            headers = [_header(self.document.resolved(schemes.get(each, {}), where)) for each in names]
            if len(headers) == 1 and headers[0]:
                return headers[0]
            refused |= set(map(str, names))
        if refused and {} not in choices:
            told = f"needs {', '.join(sorted(refused))}, which is not a token or a key in a header"
            self.document.problem(where, f"{told}. Remove the operation if it is not needed")
        return ""


def _header(scheme: dict[str, Any]) -> str:
    match scheme:
        case {"type": "http", "scheme": str(kind)} if kind.lower() == "bearer":
            return "Authorization"
        case {"type": "oauth2" | "openIdConnect"}:
            return "Authorization"
        case {"type": "apiKey", "in": "header", "name": str(name)} if HEADER.fullmatch(name):
            return name
    return ""
