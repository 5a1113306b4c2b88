"""The part of the Elastic Common Schema that log lines use: fields and their types, of version 9.4.0.

https://github.com/elastic/ecs/blob/v9.4.0/generated/ecs/ecs_flat.yml
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping

TYPES = {
    "@timestamp": "date",
    "ecs.version": "keyword",
    "error.message": "match_only_text",
    "error.stack_trace": "wildcard",
    "error.type": "keyword",
    "event.dataset": "keyword",
    "event.duration": "long",
    "http.request.id": "keyword",
    "http.request.method": "keyword",
    "http.response.status_code": "long",
    "log.level": "keyword",
    "log.logger": "keyword",
    "message": "match_only_text",
    "service.name": "keyword",
    "span.id": "keyword",
    "trace.id": "keyword",
    "url.path": "wildcard",
}
REQUIRED = {"@timestamp", "ecs.version", "event.dataset", "log.level", "message", "service.name"}
LABEL = re.compile(r"labels\.\w+")


def _is_date(value: object) -> bool:
    return isinstance(value, str) and dt.datetime.fromisoformat(value).tzinfo is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_long(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


CHECKS: dict[str, Callable[[object], bool]] = {
    "date": _is_date,
    "keyword": _is_text,
    "long": _is_long,
    "match_only_text": _is_text,
    "wildcard": _is_text,
}


def problems(line: Mapping[str, object]) -> list[str]:
    """What the schema does not allow in a line; empty if it is valid."""
    found = [f"{field} is missing" for field in sorted(REQUIRED - line.keys())]
    for field, value in line.items():
        if LABEL.fullmatch(field):
            values = value if isinstance(value, list) else [value]
            valid = all(map(_is_text, values))
        else:
            valid = field in TYPES and CHECKS[TYPES[field]](value)
        if not valid:
            found.append(f"{field} cannot be {value!r}")
    return found
