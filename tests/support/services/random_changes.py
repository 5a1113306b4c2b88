"""Changes of a model at random, as commands. Names are never used twice."""

from collections.abc import Iterator, Mapping
from random import Random

Model = Mapping[str, Mapping[str, str]]

OPTIONAL = ("str?", "text?", "int(1..9)?", "float?", "decimal?", "date?", "enum(new, sent)?", "str? unique")
REQUIRED = {
    "str(1..40)": "some 'text'",
    "int": "-3",
    "bool": "true",
    "decimal(12,2)": "9.90",
    "datetime": "2026-01-31T12:00:00Z",
    "uuid": "6f1c1d3e-58c5-4d0c-9a51-0d8f0f3c2f10",
    "enum(new, sent, lost)": "sent",
}
OTHERS = (
    ("1..100", "1..50"),
    ("1..40", "1..80"),
    ("..20", "..30"),
    ("0..9)", "0..99)"),
    ("1..9)", "2..8)"),
    ("(10,2)", "(14,2)"),
    ("(12,2)", "(16,4)"),
    (", sent", ", sent, back"),
    (", lost", ""),
)
"""Parts of types, and what makes them wider or narrower."""
MOST_RESOURCES = 5


class RandomChanges:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._number = 0

    def next(self, model: Model) -> list[str]:
        """A command for a repository with this model; it may be refused, where others depend on it."""
        self._number += 1
        resource = self._random.choice(list(model))
        field = self._random.choice(list(model[resource]))
        made = list(self._commands(model, resource, field))
        return self._random.choice(made)

    def _commands(self, model: Model, resource: str, field: str) -> Iterator[list[str]]:
        number, place, type_ = self._number, f"{resource}.{field}", model[resource][field]
        target = self._random.choice(list(model))
        optional, required = self._random.choice(OPTIONAL), self._random.choice(list(REQUIRED))
        new = f"{resource}.field{number}"
        yield ["add", "field", f"{new}:{optional}"]
        yield ["add", "field", f"{new}:{required}", "--default", REQUIRED[required]]
        yield ["add", "field", f"{new}:ref({target})?"]
        yield ["rename", "field", place, f"field{number}"]
        yield ["change", "field", f"{place}:{self._changed(type_, target)}"]
        if len(model) < MOST_RESOURCES:
            fields = [f"field{number}: {optional}", f"to{number}: ref({target})"]
            yield [
                "add",
                "resource",
                f"thing{number}",
                *(part for each in fields for part in ("--field", each)),
            ]
        if len(model[resource]) > 1:
            yield ["remove", "field", place]
        if len(model) > 1:
            yield ["remove", "resource", resource]
        yield ["rename", "resource", resource, f"thing{number}"]

    def _changed(self, type_: str, target: str) -> str:
        """Another type that rows and callers can live with, more often than not."""
        base, unique = (type_.removesuffix(" unique"), "unique" if type_.endswith(" unique") else "")
        changed = [type_.replace("?", "") if "?" in base else f"{base}? {unique}".strip()]
        changed += [type_.replace(old, new) for old, new in OTHERS if old in type_]
        if unique:
            changed.append(base)
        # an int of few values could not be unique in all the rows that generated tests make
        elif base.startswith(("str", "date", "uuid", "ref")) or base.removesuffix("?") == "int":
            changed.append(f"{base} unique")
        if base.startswith("str"):
            changed.append("text?" if base.endswith("?") else "text")
        if base.startswith("uuid"):
            changed.append(base.replace("uuid", f"ref({target})"))
        return self._random.choice(changed)
