"""Of each order: how much of it was offered to rules."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; everything told so far counts as offered, which the state of an order says by saying nothing."""
    op.add_column(
        "orders", sa.Column("offered_seq", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("orders", "offered_seq")
