"""Tags and the assignee of an order, and the sealed texts of its notes."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; no order has a tag, an assignee or a note yet."""
    op.add_column("orders", sa.Column("tags", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("orders", sa.Column("assignee", sa.Text(), nullable=True))
    op.create_index("ix_orders_assignee", "orders", ["merchant", "assignee", "placed_at", "order_id"])
    op.create_table(
        "order_notes",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("note_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant", "order_id"],
            ["orders.merchant", "orders.order_id"],
            name="fk_order_notes_merchant",
        ),
        sa.PrimaryKeyConstraint("merchant", "order_id", "note_id", name="pk_order_notes"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("order_notes")
    op.drop_index("ix_orders_assignee", table_name="orders")
    with op.batch_alter_table("orders") as orders:
        orders.drop_column("assignee")
        orders.drop_column("tags")
