"""What privacy law asks for, and how each request ended."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of privacy requests."""
    op.create_table(
        "privacy_requests",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("orders", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "connection", "event_id", name="pk_privacy_requests"),
    )
    op.create_index(
        "ix_privacy_requests_received",
        "privacy_requests",
        ["merchant", "received_at", "connection", "event_id"],
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("privacy_requests")
