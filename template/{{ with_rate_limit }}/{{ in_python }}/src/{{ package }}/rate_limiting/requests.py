"""Whose request takes from which bucket."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address

from ..telemetry import Counter
from .buckets import Buckets, Decision

NETWORK_BITS = 64
"""A client usually has all IPv6 addresses of such a network."""
UNKNOWN = "unknown"
ADDRESS_AND_PORT = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+")
"""How some proxies write it."""

VALUES = ("allowed", "limited")
DECISIONS = Counter("rate_limit_decisions_total", "Requests within and above the limit", "result", VALUES)


async def decide(buckets: Buckets, client: str, route: str) -> Decision:
    decision = await buckets.take(f"{client} {route}")
    DECISIONS.add(value="allowed" if decision.allowed else "limited")
    return decision


@lru_cache(maxsize=4096)
def network(host: str) -> str:
    """The address of one client. All hosts that are not addresses, such as names, are one client."""
    if found := ADDRESS_AND_PORT.fullmatch(host):
        host = found[1] or found[2]
    try:
        address = ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address), NETWORK_BITS), strict=False))
