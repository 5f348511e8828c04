"""Answers of the API that are given again under the same Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of Idempotency-Keys."""
    op.create_table(
        "idempotency_keys",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("landed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "caller", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_begun", "idempotency_keys", ["merchant", "begun_at"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("idempotency_keys")
