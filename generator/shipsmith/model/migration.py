"""The steps in which a database follows a change of the model, for any language and database.

What a removed field or resource leaves behind is dropped by a migration of its own, applied later: the
version before may still run, and what is dropped cannot be brought back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import defaults
from .difference import Aspect, Change, Kind, aspects
from .resources import Field
from .rules import Intent

Step = dict[str, Any]
"""What to do (`do`), the table, and what it is done to, as the template describes that."""

WORDS = {
    Kind.ADD_RESOURCE: "Add {}",
    Kind.RENAME_RESOURCE: "Rename {} to {}",
    Kind.REMOVE_RESOURCE: "Remove {}",
    Kind.ADD_FIELD: "Add {}",
    Kind.RENAME_FIELD: "Rename {} to {}",
    Kind.CHANGE_FIELD: "Change {}",
    Kind.REMOVE_FIELD: "Remove {}",
}
LONGEST_TITLE = 85
LONGEST_SLUG = 40
REMOVALS = (Kind.REMOVE_RESOURCE, Kind.REMOVE_FIELD)


@dataclass(frozen=True, slots=True)
class Migration:
    title: str
    slug: str
    upgrade: tuple[Step, ...]
    downgrade: tuple[Step, ...]
    tables: frozenset[str] = frozenset()
    """The tables that get another name: what is still to be dropped of them goes first."""
    removes: bool = False
    """Whether it drops what no version uses any longer."""
    follows: str = ""
    """The label that the migrations before have, where it is an earlier one."""


def migrations(changes: Sequence[Change], intent: Intent) -> list[Migration]:
    """What a database needs: at most one migration now, and one that drops what was removed."""
    now = [step for stage in _STAGES for change in changes for step in stage(change, intent)]
    later = [step for change in changes for step in _drops(change)]
    removals = [change for change in changes if change.kind in REMOVALS]
    found = []
    if now:
        renamed = {each.was.table for each in changes if each.kind is Kind.RENAME_RESOURCE}
        found.append(_migration(changes, now, "", frozenset(renamed)))
    if later:
        found.append(_migration(removals, later, "drop_", frozenset(), removes=True))
    return found


def after_update(title: str, follows: str, steps: Sequence[Step]) -> Migration:
    """What a new version of the template has to add to tables that exist."""
    slug = "_".join(title.lower().split())[:LONGEST_SLUG].strip("_")
    back = tuple(inverse for step in reversed(steps) for inverse in _inverse(step))
    return Migration(title, slug, tuple(steps), back, follows=follows)


def _migration(
    changes: Sequence[Change],
    steps: Sequence[Step],
    prefix: str,
    renamed: frozenset[str],
    *,
    removes: bool = False,
) -> Migration:
    back = tuple(inverse for step in reversed(steps) for inverse in _inverse(step))
    title, slug = _words(changes, dropping=removes)
    return Migration(title, (prefix + slug)[:LONGEST_SLUG].strip("_"), tuple(steps), back, renamed, removes)


def _words(changes: Sequence[Change], *, dropping: bool) -> tuple[str, str]:
    """What is changed, as a sentence and as a part of a file's name."""
    named = [_named(change) for change in changes]
    if dropping:
        named = [name.replace("Remove", "Drop", 1) for name in named]
    title, left = named[0], len(named) - 1
    for name in named[1:]:
        if len(title) + len(name) > LONGEST_TITLE:
            break
        title, left = f"{title}; {name[0].lower()}{name[1:]}", left - 1
    title += f"; {left} more" if left else ""
    slug = "_".join(named[0].lower().replace(".", " ").split())
    return title, slug.removeprefix("drop_") if dropping else slug


def _named(change: Change) -> str:
    if change.kind is Kind.RENAME_RESOURCE:
        return WORDS[change.kind].format(change.was.name, change.now.name)
    if change.kind is Kind.RENAME_FIELD:
        return WORDS[change.kind].format(f"{change.now.name}.{change.field_was.name}", change.field_now.name)
    return WORDS[change.kind].format(change.where)


def _checks(change: Change, intent: Intent) -> Iterator[Step]:
    """What rows must be like, under the names that they have before anything is changed."""
    if change.kind is not Kind.CHANGE_FIELD:
        return
    old, new = change.field_was, change.field_now
    found = aspects(old, new, intent.renamed)
    here = {"table": change.was.table, "field": old.data, "new": new.data}
    kinds = {
        Aspect.REQUIRED: "check_missing" if change.where not in intent.defaults else "",
        Aspect.UNIQUE: "check_unique",
        Aspect.REFERENCE: "check_reference",
        Aspect.NARROWER: "check_bounds",
        Aspect.FEWER_VALUES: "check_values",
    }
    yield from ({"do": kinds[aspect]} | here for aspect in found if kinds.get(aspect))


def _renames(change: Change, intent: Intent) -> Iterator[Step]:
    if change.kind is Kind.RENAME_RESOURCE:
        tables = {"table": change.was.table, "new": change.now.table}
        fields = [field.data for field in change.was.fields.values()]
        to_itself = {"target": change.now.name, "target_plural": change.now.table}
        now = [dict(each) | to_itself if each["target"] == change.was.name else each for each in fields]
        yield {"do": "rename_table", "fields": fields, "new_fields": now} | tables
    if change.kind is Kind.RENAME_FIELD:
        new = _as_it_was(change.field_was, change.field_now, intent)
        yield {"do": "rename_column", "table": change.now.table, "field": change.field_was.data, "new": new}


def _new_tables(change: Change, intent: Intent) -> Iterator[Step]:
    if change.kind is Kind.ADD_RESOURCE:
        yield {"do": "create_table", "table": change.now.table, "resource": change.now.data}


def _loosened(change: Change, intent: Intent) -> Iterator[Step]:
    """What removed fields and resources may not hold back any longer: new rows do not have them."""
    if change.kind is Kind.REMOVE_RESOURCE:
        for field in change.was.fields.values():
            if field.target and field.target != change.was.name:
                yield {"do": "drop_reference", "table": change.was.table, "field": field.data}
    if change.kind is Kind.REMOVE_FIELD:
        field = change.field_was
        if field.target:
            yield {"do": "drop_reference", "table": change.now.table, "field": field.data}
        if not field.optional:
            yield {"do": "make_optional", "table": change.now.table, "field": field.data}


def _new_columns(change: Change, intent: Intent) -> Iterator[Step]:
    if change.kind is Kind.ADD_FIELD:
        yield {"do": "add_column", "table": change.now.table, "field": change.field_now.data}


def _fills(change: Change, intent: Intent) -> Iterator[Step]:
    if change.new_field and change.where in intent.defaults and change.kind is not Kind.RENAME_FIELD:
        value = defaults.parse(change.field_now, intent.defaults[change.where])
        yield {"do": "fill", "table": change.now.table, "field": change.field_now.data, "value": value}


def _rules(change: Change, intent: Intent) -> Iterator[Step]:
    if change.kind is Kind.ADD_FIELD:
        here = {"table": change.now.table, "field": change.field_now.data}
        if not change.field_now.optional:
            yield {"do": "make_required", "is_new": True} | here
        yield {"do": "add_rules"} | here
    if change.kind is Kind.CHANGE_FIELD:
        here = {"table": change.now.table, "new": change.field_now.data}
        old = _as_it_was(change.field_was, change.field_now, intent)
        yield {"do": "change_rules", "field": old} | here
        found = aspects(change.field_was, change.field_now, intent.renamed)
        if Aspect.REQUIRED in found:
            yield {"do": "make_required", "field": change.field_now.data} | here
        if Aspect.OPTIONAL in found:
            yield {"do": "make_optional", "field": change.field_now.data} | here


def _drops(change: Change) -> Iterator[Step]:
    if change.kind is Kind.REMOVE_FIELD:
        here = {"table": change.now.table, "field": _left(change.field_was)}
        yield {"do": "drop_rules"} | here
        yield {"do": "drop_column"} | here
    if change.kind is Kind.REMOVE_RESOURCE:
        fields = [
            _left(field, change.was.name, optional=field.optional) for field in change.was.fields.values()
        ]
        resource = dict(change.was.data) | {"fields": fields}
        yield {"do": "drop_table", "table": change.was.table, "resource": resource}


def _left(field: Field, resource: str = "", *, optional: bool = True) -> dict[str, Any]:
    """A field as it is in the database after the migration before: optional, and a reference no longer."""
    data = dict(field.data) | {"optional": optional}
    if field.target and field.target != resource:
        data |= {"kind": "uuid", "target": None}
    return data


def _as_it_was(old: Field, new: Field, intent: Intent) -> dict[str, Any]:
    """The old field, under the names that it and its target have by then."""
    target = intent.renamed.get(old.target, old.target) if old.target else None
    named = {"name": new.name, "target": target}
    if target != old.target:
        named["target_plural"] = new.data.get("target_plural")
    return dict(old.data) | named


_STAGES = (_checks, _renames, _new_tables, _loosened, _new_columns, _fills, _rules)


# what became optional stays so: rows that came since may have no value
_INVERSES: Mapping[str, str] = {
    "create_table": "drop_table",
    "drop_table": "create_table",
    "add_moment": "drop_moment",
    "add_column": "drop_column",
    "drop_column": "add_column",
    "make_required": "make_optional",
    "add_rules": "drop_rules",
    "drop_rules": "add_rules",
    "drop_reference": "add_reference",
    "rename_table": "rename_table",
    "rename_column": "rename_column",
    "change_rules": "change_rules",
}


def _inverse(step: Step) -> Iterable[Step]:
    """What takes a step back; nothing for one that only looks at rows, or that the step before takes back."""
    if step["do"] not in _INVERSES or step.get("is_new"):
        return ()
    back = dict(step) | {"do": _INVERSES[step["do"]]}
    if step["do"] == "rename_table":
        back |= {"table": step["new"], "new": step["table"]}
        back |= {"fields": step["new_fields"], "new_fields": step["fields"]}
    elif step["do"] in ("rename_column", "change_rules"):
        back |= {"field": step["new"], "new": step["field"]}
    return (back,)
