"""Answers in the form that people read and write."""

from typing import Any


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{name}: {type_}" for name, type_ in value.items())
    return str(value)


def as_setting(value: Any) -> str:
    """A value in the syntax of `shipsmith set OPTION=VALUE`."""
    return f"{{{shown(value)}}}" if isinstance(value, dict) else shown(value)
