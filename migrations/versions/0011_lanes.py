"""What is due is read by merchant and by what it waits for: a lane for each job, and for each order."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns and lay the indexes of what is due by merchant; nothing else of a row changes."""
    op.add_column("jobs", sa.Column("lane", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE jobs SET lane = connection || '/' || kind")
    op.drop_index("ix_jobs_due", "jobs")
    op.create_index("ix_jobs_due", "jobs", ["merchant", "due_at"])
    op.create_index("ix_jobs_lane", "jobs", ["merchant", "lane", "due_at", "kind", "subject"])
    op.add_column("orders", sa.Column("waits_for", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.drop_index("ix_orders_due", "orders")
    _due_orders(["merchant", "waits_for", "due_at", "order_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_orders_due", "orders")
    _due_orders(["due_at"])
    op.drop_column("orders", "waits_for")
    op.drop_index("ix_jobs_lane", "jobs")
    op.drop_index("ix_jobs_due", "jobs")
    op.create_index("ix_jobs_due", "jobs", ["due_at"])
    op.drop_column("jobs", "lane")


def _due_orders(columns: list[str]) -> None:
    some = sa.text("due_at IS NOT NULL")
    op.create_index("ix_orders_due", "orders", columns, postgresql_where=some, sqlite_where=some)
