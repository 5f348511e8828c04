"""Who waits for the end of a pause, and when each last asked in vain."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of those that wait; a pause of all reads at once is raised by nobody any more."""
    op.create_table(
        "pause_waits",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "action", "kind", "subject", name="pk_pause_waits"),
    )
    op.create_index("ix_pause_waits_merchant", "pause_waits", ["merchant", "kind", "subject"])
    op.execute("UPDATE alarms SET cleared_at = since WHERE action = 'reads' AND cleared_at IS NULL")


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("pause_waits")
