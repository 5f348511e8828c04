"""A draft of the configuration that is tried beside the file in force."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "drafts",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", name="pk_drafts"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("drafts")
