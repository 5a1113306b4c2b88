"""Positions in MySQL's binary log: all transactions so far, as a set of GTIDs (`SERVER:FIRST-LAST`)."""

import re
from collections import defaultdict

_SERVER = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PART = r"[a-z_][a-z0-9_]{0,31}|\d{1,19}(?:-\d{1,19})?"
_GTIDS = f"{_SERVER}(?::(?:{_PART}))+"
POSITION = re.compile(f"{_GTIDS}(?:,{_GTIDS})*")
LAST_POSITION = "00000000-0000-0000-0000-000000000000:9223372036854775806"
"""No replica will ever be there."""

# several servers stand on a line each
COMMITTED = REPLAYED = r"REPLACE(@@global.gtid_executed, '\n', '')"

Intervals = dict[tuple[str, str], list[tuple[int, int]]]


def reached(replayed: str, position: str) -> bool:
    """Whether one set contains the other. A server's own sets have no intervals that touch each other."""
    contained = _intervals(replayed)
    return all(
        any(first <= start and end <= last for first, last in contained[source])
        for source, wanted in _intervals(position).items()
        for start, end in wanted
    )


def _intervals(position: str) -> Intervals:
    """By server and tag."""
    found: Intervals = defaultdict(list)
    for gtids in position.split(","):
        server, *parts = gtids.split(":")
        tag = ""
        for part in parts:
            if part[0].isdigit():
                first, _, last = part.partition("-")
                found[server, tag].append((int(first), int(last or first)))
            else:
                tag = part
    return found
