"""How near each location is to where parcels go, as its merchant says."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of zones."""
    op.create_table(
        "zones",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("nearness", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("prefixes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "location", "zone", name="pk_zones"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("zones")
