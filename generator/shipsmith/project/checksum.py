"""The checksum in .copier-answers.yml, which detects answers that were edited by hand.

The template writes it, so that it stays correct with copier and Renovate: `checksum` uses the same JSON text
as `template/{{ _copier_conf.answers_file }}.jinja`.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

METADATA = ("_commit", "_src_path")
DIGITS = 16


def checksum(answers: Mapping[str, Any]) -> str:
    """The checksum of a parsed .copier-answers.yml, in hexadecimal digits.

    The order of the answers does not matter. The order of the fields does, because the user chose it.
    """
    names = sorted(answers.keys() - METADATA, key=str)
    text = _canonical([(name, answers[name]) for name in names])
    return sha256(text.encode()).hexdigest()[:DIGITS]


def recorded_checksum(text: str) -> str | None:
    """The checksum in the text of a .copier-answers.yml, or None."""
    found = re.search(rf"^# Checksum: ([0-9a-f]{{{DIGITS}}})\b", text, re.MULTILINE)
    return found[1] if found else None


def _canonical(answers: list[tuple[str, Any]]) -> str:
    """JSON as in the template. Values that only a manual edit can add, such as dates, become other text."""
    try:
        return json.dumps(answers)
    except (TypeError, ValueError):
        return repr(answers)
