"""Documents of OpenAPI 3.0 and 3.1: how they are read, and the problems that are found in them."""

import re
from dataclasses import dataclass, field
from keyword import iskeyword
from pathlib import Path
from typing import Any

import yaml

FILES = ("openapi.yaml", "openapi.json")
LONGEST_CHAIN = 20
ATTRIBUTES = ("self", "bool", "dt", "float", "int", "list", "str", "type")
"""Names that the code uses: a parameter of that name would hide them."""


class DocumentError(Exception):
    """Each argument says what is wrong with a document."""


class Loader(yaml.SafeLoader):
    """Dates stay texts, and nothing is repeated: a short document could otherwise be a huge one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases of YAML are not supported. Use $ref")
        return super().compose_node(parent, index)


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in found if not tag.endswith((":timestamp", ":value", ":merge"))]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass
class Document:
    path: Path
    content: dict[str, Any]
    problems: list[str] = field(default_factory=list)

    def problem(self, where: str, what: str) -> None:
        text = f"{where}: {what}"
        if text not in self.problems:
            self.problems.append(text)

    def resolved(self, value: Any, where: str) -> dict[str, Any]:
        """What a reference points to, through any number of others."""
        for _ in range(LONGEST_CHAIN):
            if not isinstance(value, dict):
                break
            if "$ref" not in value:
                return value
            value = self.pointed(value["$ref"], where)
        self.problem(where, "is not an object, as it should be")
        return {}

    def pointed(self, reference: object, where: str) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            self.problem(where, f"refers to {reference!r}, outside of the document. Bundle both into one")
            return {}
        found: Any = self.content
        for key in map(_unescaped, reference[2:].split("/")):
            if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            self.problem(where, f"refers to {reference}, which does not exist")
        return {} if found is None else found


def load(folder: Path) -> Document:
    """The document in a folder. Raises DocumentError if there is none that can be read."""
    path = next((folder / file for file in FILES if (folder / file).is_file()), None)
    if not path:
        raise DocumentError(f"{folder} has no document: put {' or '.join(FILES)} there")
    try:
        content = yaml.load(path.read_text("utf-8"), Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise DocumentError(f"{path}: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise DocumentError(f"{path}: is nested too deeply") from None
    if not isinstance(content, dict) or not re.match(r"3\.[01]\.", str(content.get("openapi"))):
        raise DocumentError(f"{path}: is not a document of OpenAPI 3.0 or 3.1")
    return Document(path, content)


def attribute(text: str) -> str:
    """The name of a parameter or a method."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "value"
    name = f"n{name}" if name[0].isdigit() else name
    return f"{name}_" if iskeyword(name) or name in ATTRIBUTES else name


def pascal(text: str) -> str:
    """The name of a class."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[0].upper() + word[1:] for word in words) or "Value"
    return f"N{name}" if name[0].isdigit() else name


def last_of(pointer: str) -> str:
    return _unescaped(pointer.rpartition("/")[2])


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
