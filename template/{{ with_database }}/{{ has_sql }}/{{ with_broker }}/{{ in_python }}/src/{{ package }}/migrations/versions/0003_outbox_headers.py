"""Let the outbox keep the headers of a message that do not follow from its row.

The previous version may go on running meanwhile: what it records has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "outbox_0003"
down_revision = "outbox_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("headers", sa.JSON))


def downgrade() -> None:
    """Events that are waiting are published without these headers."""
    op.drop_column("outbox", "headers")
