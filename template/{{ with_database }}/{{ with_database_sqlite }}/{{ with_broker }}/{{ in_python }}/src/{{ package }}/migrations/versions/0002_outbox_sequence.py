"""Number the events of the outbox, so that their order depends on no clock, and let rejected ones wait.

SQLite cannot add a primary key, so the table is replaced. From the first row that is copied, all is one
transaction; if the migration ends before that, it can be repeated.
"""

import sqlalchemy as sa
from alembic import op

revision = "outbox_0002"
down_revision = "outbox_0001"
branch_labels = None
depends_on = None

# the order so far was that of the ids, and a body names its resource
COPY_WAITING_EVENTS = """
    INSERT INTO outbox_new (id, resource_id, type, body)
    SELECT
        id,
        CASE WHEN json_valid(CAST(body AS TEXT))
            THEN replace(json_extract(CAST(body AS TEXT), '$.id'), '-', '')
        END,
        type,
        body
    FROM outbox
    ORDER BY id
"""


def upgrade() -> None:
    op.drop_table("outbox_new", if_exists=True)
    op.create_table(
        "outbox_new",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("resource_id", sa.Uuid),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", sa.DateTime, nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("id", name="outbox_id"),
        sqlite_autoincrement=True,
    )
    op.execute(COPY_WAITING_EVENTS)
    op.drop_table("outbox")
    op.rename_table("outbox_new", "outbox")
    op.create_index("outbox_by_resource", "outbox", ["resource_id", "sequence"])
    op.create_index("outbox_by_due_at", "outbox", ["due_at", "sequence"])


def downgrade() -> None:
    """Events stay. If you upgrade again, numbers start from 1: consumers have to forget those they know."""
    op.drop_table("outbox_old", if_exists=True)
    op.create_table(
        "outbox_old",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.execute("INSERT INTO outbox_old SELECT id, type, body FROM outbox")
    op.drop_table("outbox")
    op.rename_table("outbox_old", "outbox")
