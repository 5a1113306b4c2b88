"""Reads files from untrusted sources: within limits, into plain values or one clear error."""

import math
import os
import stat
from pathlib import Path
from typing import Any

import yaml

from .errors import UserError

MOST_BYTES = 1 << 20
MOST_LEVELS = 50
MOST_VALUES = 10_000
LARGEST_INTEGER = 1 << 63

# the C loader is much faster, if PyYAML was built with it
SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# raised by YAML constructors for scalars that do not match their tag, such as `2024-99-99` or `!!int x`
UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def text_of(path: Path, name: str = "") -> str:
    """The text of a file. Errors call it `name`, by default its path.

    Raises UserError if it cannot be read, is not a regular file, exceeds MOST_BYTES, or is not UTF-8.
    """
    name = name or str(path)
    try:
        content = bytes_of(path, MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror}") from error
    if content is None:
        raise UserError(f"{name}: is not a regular file. Write its content to one first")
    if len(content) > MOST_BYTES:
        raise UserError(f"{name}: is larger than {MOST_BYTES} bytes. Is it the right file?")
    return decoded(content, name)


def bytes_of(path: Path, most: int) -> bytes | None:
    """At most `most` bytes from the start of a file; None if it is not a regular file."""
    # do not block on a pipe without a writer
    with open(path, "rb", buffering=0, opener=_without_waiting) as stream:
        is_regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
        return stream.read(most) if is_regular else None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def decoded(content: bytes, name: str) -> str:
    """`content` as text. Raises UserError if it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: is not UTF-8 text (byte {error.start}). Convert it") from error


def yaml_of(text: str, name: str) -> Any:
    """The value of a YAML document: text, numbers, booleans, dates, None, and lists and mappings of them.

    Raises UserError, starting with `name`, if it is invalid or exceeds the limits.
    """
    try:
        _check_size(text, name)
        value = yaml.load(text, SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(f"{name}: is not valid YAML: {' '.join(str(error).split())}") from error
    except UNFIT as error:
        raise UserError(f"{name}: invalid value: {error}. Put it in quotes") from error
    _check_numbers(value, name)
    return value


def mapping_of(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, whose keys must be text."""
    content = yaml_of(text_of(path), str(path))
    if not isinstance(content, dict):
        raise UserError(f"{path}: is not a mapping of names to values, but {type(content).__name__}")
    if wrong := [key for key in content if not isinstance(key, str)]:
        raise UserError(*(f"{path}: {key!r} is not a name. Put it in quotes" for key in wrong))
    return content


def _check_size(text: str, name: str) -> None:
    """Raise UserError for too many levels or values. An alias counts as many values as it repeats.

    This checks parser events before values are built, because building is recursive.
    """
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in (anchor for anchor, _ in opened):
                raise UserError(f"{name}: {event.anchor} contains itself. Write it out")
            total += sizes.get(event.anchor or "", 0)
        elif isinstance(event, yaml.NodeEvent):
            total += 1
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event.anchor, total - 1))
            elif event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor:
                sizes[anchor] = total - before
        if len(opened) > MOST_LEVELS:
            raise UserError(f"{name}: is nested more than {MOST_LEVELS} levels deep. Is it the right file?")
        if total > MOST_VALUES:
            raise UserError(f"{name}: has more than {MOST_VALUES} values. Is it the right file?")


def _check_numbers(value: Any, name: str) -> None:
    """Raise UserError for a number that other tools read differently or cannot print."""
    if isinstance(value, dict):
        for key, each in value.items():
            _check_numbers(key, name)
            _check_numbers(each, name)
    elif isinstance(value, list | tuple | set):
        for each in value:
            _check_numbers(each, name)
    elif isinstance(value, int) and not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        raise UserError(f"{name}: has an integer of more than 64 bits. Put it in quotes")
    elif isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{name}: has the number {value}. Put it in quotes")
