"""Answers in the form that people read and write."""

import re
from typing import Any


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        parts = {
            name: as_setting(each) if isinstance(each, dict) else _in_flow(each)
            for name, each in value.items()
        }
        return ", ".join(f"{name}: {part}" for name, part in parts.items())
    return str(value)


def as_setting(value: Any) -> str:
    """A value in the syntax of `shipsmith set OPTION=VALUE`."""
    return f"{{{shown(value)}}}" if isinstance(value, dict) else shown(value)


def _in_flow(value: Any) -> str:
    """A value within brackets of YAML, where a comma would end it."""
    text = shown(value)
    return f"'{text}'" if re.search(r"[,\[\]{}]", text) else text
