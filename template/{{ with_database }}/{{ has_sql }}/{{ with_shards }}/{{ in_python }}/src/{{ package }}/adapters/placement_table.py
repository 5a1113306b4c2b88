"""The table with the placement of rows: one row in each shard, the same in all once a change has arrived."""

from sqlalchemy import JSON, BigInteger, Column, Table, Text

from .tables import metadata

shard_placement = Table(
    "shard_placement",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("shards", JSON, nullable=False),
    Column("before", JSON, nullable=False),
    # which shard this database is: a URL that names another one would be a disaster
    Column("name", Text),
)
