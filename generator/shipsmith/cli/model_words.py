"""The words of the commands that change a model: which resources and fields they mean."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import UserError, nearest
from ..model.descriptions import Descriptions
from ..model.rules import Intent
from . import descriptions, fields

RESOURCE, FIELD = "resource", "field"

Resources = dict[str, dict[str, str]]
"""Types of fields, as texts, by their names, by the resources'."""


@dataclass(slots=True)
class Edited:
    """What becomes of the resources, what is meant by it, and what is wrong with the words."""

    resources: Resources
    intent: Intent = field(default_factory=Intent)
    problems: list[str] = field(default_factory=list)
    descriptions: Descriptions = field(default_factory=dict)
    """Those that are given; an empty text takes one away."""

    def described(self, texts: list[str], option: str = "") -> "Edited":
        """Itself, with descriptions of what is there now. Raises UserError with all that is wrong."""
        self.descriptions, self.problems = descriptions.parse(texts, option)
        self.problems += descriptions.unknown(self.descriptions, self.resources)
        return self.checked()

    def checked(self) -> "Edited":
        """Itself. Raises UserError with all that is wrong."""
        if self.problems:
            raise UserError(*self.problems)
        return self


def add_resource(current: Resources, words: list[str], texts: list[str]) -> Edited:
    """`add resource NAME --field 'name: type'`."""
    edited = Edited(_copied(current))
    found, edited.problems = fields.parse(texts, "--field")
    name = _one(words, "shipsmith add resource NAME --field 'name: type'", edited.problems)
    if name in current:
        edited.problems.append(
            f"{name}: there is a resource of this name. Add fields to it: shipsmith add field"
        )
    if name and not texts:
        edited.problems.append(f"{name}: has no fields. Give it at least one: --field 'name: type'")
    edited.resources[name] = found
    return edited.checked()


def add_fields(current: Resources, words: list[str], default: str | None) -> Edited:
    """`add field RESOURCE.FIELD:TYPE …`."""
    edited = Edited(_copied(current))
    given = _typed(current, words, "add", edited.problems)
    for (resource, name), type_ in given.items():
        if name in current[resource]:
            edited.problems.append(
                f"{resource}.{name}: there is a field of this name. To give it another type: "
                f"shipsmith change field '{resource}.{name}:{type_}'"
            )
        edited.resources[resource][name] = type_
    edited.intent = Intent(defaults=_defaults(given, default))
    return edited.checked()


def change_fields(current: Resources, words: list[str], default: str | None) -> Edited:
    """`change field RESOURCE.FIELD:TYPE …`."""
    edited = Edited(_copied(current))
    given = _typed(current, words, "change", edited.problems)
    for (resource, name), type_ in given.items():
        if name not in current[resource]:
            edited.problems.append(_no_field(current, resource, name))
        edited.resources[resource][name] = type_
    edited.intent = Intent(defaults=_defaults(given, default))
    return edited.checked()


def describe(current: Resources, words: list[str]) -> Edited:
    """`describe RESOURCE: TEXT RESOURCE.FIELD: TEXT …`."""
    return Edited(_copied(current)).described(words)


def rename_resource(current: Resources, words: list[str]) -> Edited:
    """`rename resource OLD NEW`."""
    edited = Edited({})
    old, new = _two(words, "shipsmith rename resource OLD NEW", edited.problems)
    if old not in current:
        edited.problems.append(_no_resource(current, old))
    if new in current:
        edited.problems.append(f"{new}: there is a resource of this name. Choose another one")
    reference = re.compile(rf"\bref\(\s*{re.escape(old)}\s*\)")
    edited.resources = {
        new if name == old else name: {
            field: reference.sub(f"ref({new})", type_) for field, type_ in types.items()
        }
        for name, types in current.items()
    }
    edited.intent = Intent(renamed={old: new})
    return edited.checked()


def rename_field(current: Resources, words: list[str]) -> Edited:
    """`rename field RESOURCE.FIELD NEW`."""
    edited = Edited(_copied(current))
    old, new = _two(words, "shipsmith rename field RESOURCE.FIELD NEW", edited.problems)
    resource, name = _field(current, old, edited.problems)
    new = new.removeprefix(f"{resource}.")
    if new in current.get(resource, {}):
        edited.problems.append(f"{resource}.{new}: there is a field of this name. Choose another one")
    edited.checked()
    types = current[resource]
    edited.resources[resource] = {new if each == name else each: type_ for each, type_ in types.items()}
    edited.intent = Intent(renamed_fields={f"{resource}.{name}": new})
    return edited


def remove_resources(current: Resources, words: list[str], *, unapplied: bool) -> Edited:
    """`remove resource NAME …`."""
    edited = Edited(_copied(current), Intent(removes=frozenset(words), unapplied=unapplied))
    if not words:
        edited.problems.append("which resource? Write shipsmith remove resource NAME")
    for name in words:
        if name not in current:
            edited.problems.append(_no_resource(current, name))
        edited.resources.pop(name, None)
    if not edited.resources:
        edited.problems.append("a service has at least one resource. Add another one first")
    return edited.checked()


def remove_fields(current: Resources, words: list[str], *, unapplied: bool) -> Edited:
    """`remove field RESOURCE.FIELD …`."""
    edited = Edited(_copied(current), Intent(removes=frozenset(words), unapplied=unapplied))
    if not words:
        edited.problems.append("which field? Write shipsmith remove field RESOURCE.FIELD")
    for word in words:
        resource, name = _field(current, word, edited.problems)
        edited.resources.get(resource, {}).pop(name, None)
    return edited.checked()


def _typed(
    current: Resources, words: list[str], command: str, problems: list[str]
) -> dict[tuple[str, str], str]:
    """The types of `RESOURCE.FIELD:TYPE`; those of unknown resources are left out, as problems."""
    given, wrong = fields.parse(words)
    problems += [problem.replace("'name: type'", "'resource.field: type'") for problem in wrong]
    if not words:
        problems.append(f"which field? Write shipsmith {command} field 'RESOURCE.FIELD:TYPE'")
    found = {}
    for place, type_ in given.items():
        resource, name = _parted(place, problems)
        if resource in current:
            found[resource, name] = type_
        elif resource:
            problems.append(_no_resource(current, resource))
    return found


def _defaults(given: Iterable[tuple[str, str]], default: str | None) -> dict[str, str]:
    return {} if default is None else {f"{resource}.{name}": default for resource, name in given}


def _field(current: Resources, place: str, problems: list[str]) -> tuple[str, str]:
    """The resource and the field, which exists, or there is a problem."""
    resource, name = _parted(place, problems)
    if resource and resource not in current:
        problems.append(_no_resource(current, resource))
    elif resource and name not in current[resource]:
        problems.append(_no_field(current, resource, name))
    return resource, name


def _parted(place: str, problems: list[str]) -> tuple[str, str]:
    resource, separator, name = place.partition(".")
    if not separator or not resource or not name:
        problems.append(f"{place}: is not a field. Write RESOURCE.FIELD, such as order.note")
        return "", name
    return resource, name


def _no_resource(current: Resources, name: str) -> str:
    return f"{name}: no such resource.{nearest(name, current)} There are: {', '.join(current)}"


def _no_field(current: Resources, resource: str, name: str) -> str:
    known = current[resource]
    return f"{resource}.{name}: no such field.{nearest(name, known)} {resource} has: {', '.join(known)}"


def _one(words: list[str], usage: str, problems: list[str]) -> str:
    if len(words) != 1:
        problems.append(f"{' '.join(words) or 'no name'}: one name is needed. Write {usage}")
    return words[0] if words else ""


def _two(words: list[str], usage: str, problems: list[str]) -> tuple[str, str]:
    if len(words) != 2:
        problems.append(f"{' '.join(words) or 'no names'}: two names are needed. Write {usage}")
    return (words[0], words[1]) if len(words) == 2 else ("", "")


def _copied(current: Mapping[str, Mapping[str, str]]) -> Resources:
    return {name: dict(types) for name, types in current.items()}
