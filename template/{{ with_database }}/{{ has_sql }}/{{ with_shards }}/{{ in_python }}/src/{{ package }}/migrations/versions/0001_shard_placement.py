"""Create the placement of rows: at first, all are on the first shard."""

import sqlalchemy as sa
from alembic import op

revision = "shards_0001"
down_revision = None
branch_labels = ("shards",)
depends_on = None


def upgrade() -> None:
    placement = op.create_table(
        "shard_placement",
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("shards", sa.JSON, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("name", sa.Text),
    )
    op.bulk_insert(placement, [{"epoch": 0, "shards": ["first"], "before": [], "name": None}])


def downgrade() -> None:
    op.drop_table("shard_placement")
