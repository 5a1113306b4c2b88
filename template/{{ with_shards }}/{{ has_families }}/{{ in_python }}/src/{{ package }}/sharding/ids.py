"""Ids by which a row is kept with the one to which it refers: they end alike, and the end decides."""

from uuid import UUID

from .placement import KEY_BYTES


def kept_with(parent: UUID, own: UUID) -> UUID:
    """The id `own` with the end of the other one."""
    return UUID(bytes=own.bytes[:-KEY_BYTES] + parent.bytes[-KEY_BYTES:])


def follows_from(entity_id: UUID, own: UUID | None) -> bool:
    """Whether it is `own`, or that id with the end of another one."""
    return own is not None and entity_id == kept_with(entity_id, own)
