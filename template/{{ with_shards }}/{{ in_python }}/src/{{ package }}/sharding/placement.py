"""Which shard keeps a row.

Rendezvous hashing (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998): each
shard has a weight for each key, and the highest wins. So a new shard takes its part from all others alike,
and nothing moves between those.
"""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

KEY_BYTES = 4
"""The shard key is the end of an id, which is random in ids of version 7."""


def shard_of(entity_id: UUID, shards: Collection[str]) -> str:
    key = entity_id.bytes[-KEY_BYTES:]
    return max(shards, key=lambda name: blake2b(key, digest_size=8, key=name.encode()).digest())


class MovedError(Exception):
    """There is a newer placement than the one by which this shard was found."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Rows belong on `shards`. While they are moved, some are still where they belonged `before`."""

    epoch: int
    """Grows with each change."""
    shards: tuple[str, ...]
    before: tuple[str, ...] = ()

    def places(self, entity_id: UUID) -> list[str]:
        """Where the row may be; it moves from the first place to the last."""
        places = [shard_of(entity_id, shards) for shards in (self.before, self.shards) if shards]
        return list(dict.fromkeys(places))

    @property
    def stages(self) -> list[list[str]]:
        """All shards, in groups: rows move from earlier groups to later ones, and never within one."""
        if not self.before:
            return [list(self.shards)]
        leaving = [name for name in self.before if name not in self.shards]
        staying = [name for name in self.before if name in self.shards]
        joining = [name for name in self.shards if name not in self.before]
        return [stage for stage in (leaving, staying, joining) if stage]

    @property
    def members(self) -> list[str]:
        return [name for stage in self.stages for name in stage]
