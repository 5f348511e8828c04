"""Keys are found by what wraps them without reading every one; backups that were brought back are remembered."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index and the table."""
    op.create_index("ix_data_keys_wrapped_by", "data_keys", ["wrapped_by"])
    op.create_table(
        "restores",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("restored_at", UTCDateTime(), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "restored_at", name="pk_restores"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("restores")
    op.drop_index("ix_data_keys_wrapped_by", "data_keys")
