"""Entity tags (RFC 9110, section 8.8.3): the version of the entity, in quotes."""

import re

TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')
VERSION = re.compile("[1-9][0-9]{0,17}")


def etag(version: int) -> str:
    return f'"{version}"'


def expected_versions(if_match: str | None) -> frozenset[int] | None:
    """The versions that `If-Match` allows. None allows any. Weak tags never match."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = [tag for weak, tag in TAG.findall(if_match) if not weak]
    return frozenset(int(tag) for tag in tags if VERSION.fullmatch(tag))


def matches(if_none_match: str | None, tag: int | str) -> bool:
    """Whether the caller's copy is current, by weak comparison (RFC 9110, section 13.1.2)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(each == str(tag) for _, each in TAG.findall(if_none_match))
