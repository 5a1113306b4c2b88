"""Another shard: a server like that of the first."""

from dataclasses import replace

from .postgresql import POSTGRESQL

SHARD = replace(POSTGRESQL, name="shard")
