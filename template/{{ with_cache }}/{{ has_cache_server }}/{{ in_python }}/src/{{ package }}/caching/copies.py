"""Copies of entities as bytes.

They begin with a checksum of the entity's fields. While two versions of the service with different fields
run, a copy that one has written is a miss for the other.
"""

from dataclasses import fields
from typing import Any
from zlib import crc32

from pydantic import TypeAdapter, ValidationError

from ..entity import Entity
from .store import MISSING

CHECKSUM_BYTES = 8


class Copies:
    def __init__(self, kind: type[Entity]) -> None:
        form = ", ".join(f"{each.name}: {each.type}" for each in fields(kind))
        self._checksum = b"%08x" % crc32(form.encode())
        self._json: TypeAdapter[Any] = TypeAdapter(kind)

    def write(self, copy: Any) -> bytes:
        """An entity or MISSING, which has no body."""
        return self._checksum if copy is MISSING else self._checksum + self._json.dump_json(copy)

    def read(self, copy: bytes) -> Any:
        """None if it was written by a version with other fields."""
        if copy[:CHECKSUM_BYTES] != self._checksum:
            return None
        if not (body := copy[CHECKSUM_BYTES:]):
            return MISSING
        try:
            return self._json.validate_json(body)
        except ValidationError:
            return None
