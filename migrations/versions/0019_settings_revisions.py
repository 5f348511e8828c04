"""How often a merchant's settings were changed."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; a merchant without a row never changed any since."""
    op.create_table(
        "settings_revisions",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("merchant", name="pk_settings_revisions"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("settings_revisions")
