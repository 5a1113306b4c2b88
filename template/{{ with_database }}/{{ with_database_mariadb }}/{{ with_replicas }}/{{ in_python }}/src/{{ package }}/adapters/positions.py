"""Positions in MariaDB's binary log: of each domain, the last transaction (`DOMAIN-SERVER-NUMBER`)."""

import re

_GTID = r"\d{1,10}-\d{1,10}-\d{1,20}"
POSITION = re.compile(rf"{_GTID}(?:,{_GTID})*")
LAST_POSITION = "0-0-18446744073709551615"
"""No replica will ever be there."""

COMMITTED = "@@global.gtid_binlog_pos"
REPLAYED = "@@global.gtid_slave_pos"


def reached(replayed: str, position: str) -> bool:
    numbers = _numbers(replayed)
    return all(numbers.get(domain, -1) >= number for domain, number in _numbers(position).items())


def _numbers(position: str) -> dict[str, int]:
    """By domain. The number goes on counting where another server becomes the primary."""
    parts = (gtid.split("-") for gtid in position.split(",") if gtid)
    return {domain: int(number) for domain, _server, number in parts}
