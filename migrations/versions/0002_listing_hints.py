"""What channels tell of a listing besides its name, and the imports of links that can be taken back."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add barcode, catalog entry, copies and whether the channel computes the quantity; and a table of imports."""
    with op.batch_alter_table("listings") as listings:
        listings.add_column(sa.Column("barcode", sa.Text(), nullable=True))
        listings.add_column(sa.Column("catalog", sa.Text(), nullable=True))
        listings.add_column(sa.Column("copies", sa.Integer(), server_default=sa.text("1"), nullable=False))
        listings.add_column(
            sa.Column("computed_by_channel", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("products") as products:
        products.add_column(sa.Column("barcode", sa.Text(), nullable=True))
    op.create_table(
        "link_imports",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "number", name="pk_link_imports"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("link_imports")
    with op.batch_alter_table("products") as products:
        products.drop_column("barcode")
    with op.batch_alter_table("listings") as listings:
        for name in ("barcode", "catalog", "copies", "computed_by_channel"):
            listings.drop_column(name)
