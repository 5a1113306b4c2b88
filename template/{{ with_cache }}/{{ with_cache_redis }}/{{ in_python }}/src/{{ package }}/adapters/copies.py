"""Copies of entities as bytes.

They begin with a checksum of the entity's fields. While two versions of the service with different fields
run, a copy that one has written is a miss for the other.
"""

from dataclasses import fields
from typing import Generic
from zlib import crc32

from pydantic import TypeAdapter, ValidationError

from ..entity import E

CHECKSUM_BYTES = 8


class Copies(Generic[E]):
    def __init__(self, kind: type[E]) -> None:
        form = ", ".join(f"{each.name}: {each.type}" for each in fields(kind))
        self._checksum = b"%08x" % crc32(form.encode())
        self._json = TypeAdapter(kind)

    def write(self, entity: E) -> bytes:
        return self._checksum + self._json.dump_json(entity)

    def read(self, copy: bytes) -> E | None:
        """None if it was written by a version with other fields."""
        if copy[:CHECKSUM_BYTES] != self._checksum:
            return None
        try:
            return self._json.validate_json(copy[CHECKSUM_BYTES:])
        except ValidationError:
            return None
