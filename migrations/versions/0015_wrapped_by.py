"""The keys of the installation by which stored keys are wrapped are found without reading every stored key."""

from alembic import op

revision = "0015"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_data_keys_wrapped_by", "data_keys", ["wrapped_by"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_data_keys_wrapped_by", "data_keys")
