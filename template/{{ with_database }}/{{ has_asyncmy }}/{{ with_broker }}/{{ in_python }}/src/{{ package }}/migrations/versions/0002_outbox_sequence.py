"""Number the events of the outbox, so that their order depends on no clock, and let rejected ones wait."""

import sqlalchemy as sa
from alembic import op

revision = "outbox_0002"
down_revision = "outbox_0001"
branch_labels = None
depends_on = None

# existing events are numbered in the order of their ids
ADD_SEQUENCE = """
    ALTER TABLE outbox
    DROP PRIMARY KEY,
    ADD CONSTRAINT outbox_id UNIQUE (id),
    ADD COLUMN sequence BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST
"""

DROP_SEQUENCE = """
    ALTER TABLE outbox
    DROP PRIMARY KEY,
    DROP COLUMN sequence,
    DROP INDEX outbox_id,
    ADD PRIMARY KEY (id)
"""

# a body starts with the id of its resource
NAME_RESOURCES = """
    UPDATE outbox SET resource_id = REPLACE(CONVERT(SUBSTRING(body, 8, 36) USING ascii), '-', '')
    WHERE SUBSTRING(body, 1, 7) = '{"id":"' AND SUBSTRING(body, 44, 1) = '"'
"""


def upgrade() -> None:
    op.execute(ADD_SEQUENCE)
    op.add_column("outbox", sa.Column("resource_id", sa.Uuid))
    op.add_column("outbox", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    due_at = sa.Column("due_at", sa.DateTime, nullable=False, server_default=sa.func.now())
    op.add_column("outbox", due_at)
    op.execute(NAME_RESOURCES)
    op.create_index("outbox_by_resource", "outbox", ["resource_id", "sequence"])
    op.create_index("outbox_by_due_at", "outbox", ["due_at", "sequence"])


def downgrade() -> None:
    """Events stay. If you upgrade again, numbers start from 1: consumers have to forget those they know."""
    for index in ("outbox_by_due_at", "outbox_by_resource"):
        op.drop_index(index, "outbox")
    for column in ("due_at", "attempts", "resource_id"):
        op.drop_column("outbox", column)
    op.execute(DROP_SEQUENCE)
