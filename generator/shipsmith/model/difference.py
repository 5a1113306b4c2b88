"""What is different between two models. Fields are the same where their numbers are, whatever their names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .resources import Field, Model, Resource

Renamed = Mapping[str, str]
"""New names of resources, by their old ones."""


class Kind(StrEnum):
    RENAME_RESOURCE = "rename_resource"
    ADD_RESOURCE = "add_resource"
    RENAME_FIELD = "rename_field"
    CHANGE_FIELD = "change_field"
    ADD_FIELD = "add_field"
    REMOVE_FIELD = "remove_field"
    REMOVE_RESOURCE = "remove_resource"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. What was added has no old side, and what was removed has no new one."""

    kind: Kind
    old: Resource | None
    new: Resource | None
    old_field: Field | None = None
    new_field: Field | None = None

    @property
    def where(self) -> str:
        """The resource, or `resource.field`, by the name that it has now or had last."""
        resource = self.new or self.old
        field = self.new_field or self.old_field
        assert resource
        return f"{resource.name}.{field.name}" if field else resource.name

    @property
    def was(self) -> Resource:
        """The resource as it was. Not of one that is new."""
        assert self.old
        return self.old

    @property
    def now(self) -> Resource:
        """The resource as it is. Not of one that is gone."""
        assert self.new
        return self.new

    @property
    def field_was(self) -> Field:
        """The field as it was. Not of one that is new, or of a resource."""
        assert self.old_field
        return self.old_field

    @property
    def field_now(self) -> Field:
        """The field as it is. Not of one that is gone, or of a resource."""
        assert self.new_field
        return self.new_field


def difference(old: Model, new: Model, renamed: Renamed) -> list[Change]:
    """The changes from `old` to `new`, in an order in which a database can follow them."""
    found = list(_changes(old, new, renamed))
    order = list(Kind)
    return sorted(found, key=lambda change: order.index(change.kind))


def _changes(old: Model, new: Model, renamed: Renamed) -> Iterator[Change]:
    origins = {renamed.get(name, name): name for name in old}
    for name, resource in new.items():
        if name not in origins:
            yield Change(Kind.ADD_RESOURCE, None, resource)
            continue
        before = old[origins[name]]
        if before.name != name:
            yield Change(Kind.RENAME_RESOURCE, before, resource)
        yield from _field_changes(before, resource, renamed)
    # what refers to others goes before them
    for name in reversed(list(old)):
        if renamed.get(name, name) not in new:
            yield Change(Kind.REMOVE_RESOURCE, old[name], None)


def _field_changes(old: Resource, new: Resource, renamed: Renamed) -> Iterator[Change]:
    before = {field.number: field for field in old.fields.values()}
    after = {field.number: field for field in new.fields.values()}
    for number, field in after.items():
        if number not in before:
            yield Change(Kind.ADD_FIELD, old, new, None, field)
            continue
        if before[number].name != field.name:
            yield Change(Kind.RENAME_FIELD, old, new, before[number], field)
        if aspects(before[number], field, renamed):
            yield Change(Kind.CHANGE_FIELD, old, new, before[number], field)
    for number, field in before.items():
        if number not in after:
            yield Change(Kind.REMOVE_FIELD, old, new, field, None)


class Aspect(StrEnum):
    """What of a field is different. The values are what people read."""

    TYPE = "has another type"
    WIDER = "takes more values"
    NARROWER = "takes fewer values"
    REQUIRED = "is required now"
    OPTIONAL = "is optional now"
    UNIQUE = "is unique now"
    NOT_UNIQUE = "need not be unique any longer, and lists do not filter by it"
    REFERENCE = "is a reference now"
    NO_REFERENCE = "is not a reference any longer, and lists do not filter by it"
    FIXED = "cannot be changed, as ids follow from it"
    MORE_VALUES = "has new values"
    FEWER_VALUES = "has fewer values"


def aspects(old: Field, new: Field, renamed: Renamed) -> list[Aspect]:
    """In which ways two fields are different, apart from their names."""
    target = renamed.get(old.target, old.target) if old.target else None
    found = {
        Aspect.TYPE: kind_of(old) != kind_of(new)
        or (target != new.target and None not in (target, new.target)),
        Aspect.WIDER: _is_wider(new, old),
        Aspect.NARROWER: _is_wider(old, new),
        Aspect.REQUIRED: old.optional and not new.optional,
        Aspect.OPTIONAL: new.optional and not old.optional,
        Aspect.UNIQUE: new.unique and not old.unique,
        Aspect.NOT_UNIQUE: old.unique and not new.unique,
        Aspect.REFERENCE: new.target is not None and target is None,
        Aspect.NO_REFERENCE: target is not None and new.target is None,
        Aspect.FIXED: new.fixed and not old.fixed,
        Aspect.MORE_VALUES: bool(new.values.keys() - old.values.keys()),
        Aspect.FEWER_VALUES: bool(old.values.keys() - new.values.keys()),
    }
    return [aspect for aspect, is_so in found.items() if is_so]


# what is the same in a contract: the id of another resource is a UUID, and a long text is a text
SAME_IN_CONTRACT = {"ref": "uuid", "text": "str"}


def kind_of(field: Field) -> str:
    """The field's kind as callers see it."""
    return SAME_IN_CONTRACT.get(field.kind, field.kind)


def _is_wider(one: Field, other: Field) -> bool:
    """Whether `one` takes values that `other` does not take, as far as their bounds tell."""
    if kind_of(one) != kind_of(other):
        return False
    if one.kind != other.kind and "text" in (one.kind, other.kind):
        return one.kind == "text" or _exceeds(one, other)
    return _exceeds(one, other)


def _exceeds(one: Field, other: Field) -> bool:
    """Whether a bound of `one` lies outside that of `other`, as one that is missing does."""
    below = other.minimum is not None and (one.minimum is None or one.minimum < other.minimum)
    above = other.maximum is not None and (one.maximum is None or one.maximum > other.maximum)
    return below or above or _digits(one) > _digits(other) or (one.scale or 0) > (other.scale or 0)


def _digits(field: Field) -> int:
    """The digits before the decimal point."""
    return (field.precision or 0) - (field.scale or 0)
