"""The table of the outbox. All times are the database's, so clocks of replicas do not matter."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
)

from .tables import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sequence", BigInteger, Identity(), nullable=False),
    Column("resource_id", Uuid),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # what the message has beside what follows from its row; NULL where an older version has written it
    Column("headers", JSON(none_as_null=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("outbox_by_resource", "resource_id", "sequence"),
    Index("outbox_by_due_at", "due_at", "sequence"),
)
