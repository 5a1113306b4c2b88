"""Values to try, valid and almost valid, by their JSON Schema; and whether one came back as it was."""

import datetime as dt
import json
import math
from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]
Strategy = st.SearchStrategy[Any]

LONGEST = 300
# less than any entrypoint takes at once
MAX_BYTES = 100_000
ODD = [
    *(None, True, False, 0, 1, -1, 1.0, -0.0, 0.5, 1e16, 2**53 + 1, 2**63, -(2**63) - 1, 10**400),
    *(math.nan, math.inf, 5e-324, 1769860800, 20260131, [], {}, [1], {"a": 1}),
    *("\u0661\u0662", "a\x00b", "\ud800", "\uffff", "\U0001f600", "e\u0301"),
    *("0." + "0" * 40 + "1", "9" * 50, "x" * 1001, "x" * 30_001),
    *("0", "1", "-0", "-0.00", "+1", "1.", ".5", "1E5", "1e-7", "9_9", "007", "0x10", "NaN", "Infinity"),
    *("true", "yes", "null", "100000", "123456789012.123456", "20260131", "1769860800", "2026-01-31"),
    *("2026-02-30", "9999-12-31", "10000-01-01", "0000-01-01", "2026-01-31T12:00:00"),
    *("2026-01-31T12:00Z", "2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:60Z"),
    *("2026-01-31T24:00:00Z", "2026-01-31T12:00:00+99:00", "0001-01-01T00:00:00Z"),
    *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-01:00"),
    *("{6f1c1d3e-58c5-4d0c-9a51-0d8f0f3c2f10}", "6F1C1D3E-58C5-4D0C-9A51-0D8F0F3C2F10"),
    *("6f1c1d3e58c54d0c9a510d8f0f3c2f10", "';", "%s", "\\", "{}", "", " ", "2026-01-31 12:00:00Z"),
]
"""What parsers make something of, and what lies just outside of what is valid."""


def some_values(schema: Schema, without: Collection[str]) -> Strategy:
    """Values for some fields, of which one may be odd."""
    each = {name: _valid(part) for name, part in schema["properties"].items() if name not in without}
    valid = st.fixed_dictionaries({}, optional=each)
    random = st.randoms(use_true_random=False)
    values = valid | st.builds(_with_odd, valid, st.sampled_from(sorted(each)), random) if each else valid
    return values.filter(lambda drawn: len(json.dumps(drawn)) <= MAX_BYTES)


def same(part: Schema, sent: Any, found: Any) -> bool:
    """Whether that is what was sent, in the one form in which it is answered."""
    kinds = {str(each.get("format", each.get("type"))) for each in part.get("anyOf", [part])}
    if sent is None or found is None or isinstance(sent, bool):
        return sent is found
    if "date-time" in kinds:
        return dt.datetime.fromisoformat(sent) == dt.datetime.fromisoformat(found)
    if "uuid" in kinds:
        return bool(sent.lower() == found)
    if kinds & {"double", "int64"}:
        return not isinstance(found, bool | str) and bool(sent == found)
    if isinstance(sent, str) and sent.startswith("-") and not sent.strip("-0."):
        return found in (sent, sent[1:])
    return type(sent) is type(found) and sent == found


def _valid(part: Schema) -> Strategy:
    if "anyOf" in part:
        return st.one_of([_valid(each) for each in part["anyOf"]])
    if "enum" in part or "const" in part:
        return st.sampled_from(part.get("enum", [part.get("const")]))
    match part.get("format", part["type"]):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "int64":
            return st.integers(part["minimum"], part["maximum"])
        case "double":
            return st.floats(part.get("minimum"), part.get("maximum"), allow_nan=False, allow_infinity=False)
        case "uuid":
            return st.uuids().map(str)
        case "date":
            return st.dates().map(str)
        case "date-time":
            offsets = st.integers(-1439, 1439).map(lambda each: dt.timezone(dt.timedelta(minutes=each)))
            middle = (dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))
            return st.datetimes(*middle, timezones=offsets | st.just(dt.UTC)).map(dt.datetime.isoformat)
    if part.get("pattern", "").startswith("^-?"):
        return st.from_regex(part["pattern"].replace("$", r"\Z"), alphabet=st.characters(codec="ascii"))
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    shortest, longest = part.get("minLength", 0), part["maxLength"]
    short = st.text(characters, min_size=shortest, max_size=min(longest, max(shortest, LONGEST)))
    return short | st.characters(codec="ascii", exclude_characters="\0").map(lambda each: each * longest)


def _with_odd(values: dict[str, Any], name: str, random: Any) -> dict[str, Any]:
    value = values.get(name)
    near: list[Any] = [[value], {"": value}]
    if isinstance(value, str):
        near += [f"{value} ", f" {value}", f"{value}0", f"0{value}", f"+{value}", f"{value}\0", value[:-1]]
        near += [value.upper(), value.lower(), value.replace("-", ""), value.replace("T", " "), f"{value}Z"]
    elif isinstance(value, int | float):
        near += [str(value), value + 0.5, value * 10**9, bool(value), -value, value + 1]
    return values | {name: random.choice(near if random.random() < 0.4 else ODD)}
