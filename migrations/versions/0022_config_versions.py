"""Versions of the configuration: which file's text was in force since when."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; what is in force now becomes a version with the next start of what serves."""
    op.create_table(
        "config_versions",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "number", name="pk_config_versions"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("config_versions")
