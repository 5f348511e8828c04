"""Who put a version of the configuration in force."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column: until now only a process that started put a file in force."""
    op.add_column("config_versions", sa.Column("actor", sa.Text(), nullable=False, server_default="hub"))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("config_versions", "actor")
