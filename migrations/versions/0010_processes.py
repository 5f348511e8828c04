"""The processes of the hub: a claim counts while its owner lives."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of processes; claims of before it last their time."""
    op.create_table(
        "processes",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("beat_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("owner", name="pk_processes"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("processes")
