"""A model as a template describes it: resources, with fields that carry the numbers of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field. Two are equal where nothing that callers or the database see is different."""

    name: str
    number: int
    kind: str
    optional: bool = False
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    precision: int | None = None
    scale: int | None = None
    values: Mapping[str, int] = field(default_factory=dict)
    """The values of an enum, with their numbers."""
    target: str | None = None
    """The resource that a reference leads to."""
    fixed: bool = False
    """Whether the ids of rows follow from it, so that it never changes."""
    data: Data = field(default_factory=dict, compare=False, repr=False)
    """The field as the template describes it, for what the template renders."""


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    fields: Mapping[str, Field]
    data: Data = field(default_factory=dict, compare=False, repr=False)

    @property
    def table(self) -> str:
        return str(self.data["plural"])


Model = Mapping[str, Resource]
"""The resources by their names; each comes after those that it refers to."""


def parse(data: Sequence[Data]) -> Model:
    """The model that a template's question `model` gives as JSON. Descriptions are no part of it."""
    return {each["name"]: _resource(_undescribed(each)) for each in data}


def _undescribed(data: Data) -> Data:
    return {key: value for key, value in data.items() if key not in ("description", "meaning")}


def _resource(data: Data) -> Resource:
    data = dict(data, fields=[_undescribed(each) for each in data["fields"]])
    return Resource(data["name"], {each["name"]: _field(each) for each in data["fields"]}, data)


def _field(data: Data) -> Field:
    return Field(
        name=data["name"],
        number=data["number"],
        kind=data["kind"],
        optional=data["optional"],
        unique=data["unique"],
        minimum=data["minimum"],
        maximum=data["maximum"],
        precision=data["precision"],
        scale=data["scale"],
        values={each["name"]: each["number"] for each in data["values"] or ()},
        target=data["target"],
        fixed=data.get("fixed", False),
        data=data,
    )
