"""What readiness writes to see whether anything can be written, and indexes for what a monitor counts."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PARKED_JOB = sa.text("parked_at IS NOT NULL")
PARKED_DELIVERY = sa.text("state = 'parked'")


def upgrade() -> None:
    """Add the table of one row, and the two indexes."""
    op.create_table(
        "write_probes",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", name="pk_write_probes"),
    )
    op.create_index(
        "ix_jobs_parked", "jobs", ["merchant"], sqlite_where=PARKED_JOB, postgresql_where=PARKED_JOB
    )
    op.create_index(
        "ix_deliveries_parked",
        "deliveries",
        ["merchant"],
        sqlite_where=PARKED_DELIVERY,
        postgresql_where=PARKED_DELIVERY,
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_deliveries_parked", "deliveries")
    op.drop_index("ix_jobs_parked", "jobs")
    op.drop_table("write_probes")
