"""Of whom nothing is kept any more, label files that are sealed, and when an order's person is to be forgotten."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_PERSONAL = sa.text("personal IS NOT NULL")
_FORGOTTEN_BEFORE = """
    INSERT INTO forgotten (merchant, kind, subject, at, why, actor)
    SELECT o.merchant, 'order', o.order_id, o.updated_at, 'before', 'hub' FROM orders o
    WHERE o.personal IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM data_keys k WHERE k.merchant = o.merchant AND k.purpose = 'order:' || o.order_id)
"""
"""Orders whose key was deleted by an older hub: what it left of them goes with the first look (label files, hashes)."""


def upgrade() -> None:
    """Add them; a person whom an older hub forgot stays forgotten.

    Label files are sealed by the hub that starts next: a migration has no keys.
    """
    op.create_table(
        "forgotten",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "kind", "subject", name="pk_forgotten"),
    )
    op.create_index("ix_forgotten_done", "forgotten", ["merchant", "done_at"])
    op.add_column("labels", sa.Column("file_key", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("forget_at", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_orders_personal",
        "orders",
        ["merchant", "connection", "placed_at"],
        postgresql_where=_PERSONAL,
        sqlite_where=_PERSONAL,
    )
    op.execute(_FORGOTTEN_BEFORE)


def downgrade() -> None:
    """Take them away again; label files that were sealed stay sealed."""
    op.drop_index("ix_orders_personal", "orders")
    op.drop_column("orders", "forget_at")
    op.drop_column("labels", "file_key")
    op.drop_table("forgotten")
