"""What a vendor does for nobody of an account, until it is mended."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of alarms."""
    op.create_table(
        "alarms",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("look_at", UTCDateTime(), nullable=False),
        sa.Column("cleared_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "action", name="pk_alarms"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("alarms")
