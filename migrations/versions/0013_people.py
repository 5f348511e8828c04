"""Users, sessions, one-time links; API keys with an end and a last use."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of people; a key whose role nobody knows becomes an owner's, as every key was."""
    op.add_column("api_keys", sa.Column("expires_at", UTCDateTime(), nullable=True))
    op.add_column("api_keys", sa.Column("last_used_at", UTCDateTime(), nullable=True))
    op.execute(
        "UPDATE api_keys SET role = 'owner' WHERE role NOT IN ('viewer', 'picker', 'operator', 'owner')"
    )
    _create_users()
    _create_sessions()
    _create_one_time_links()


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("signed_in_at", UTCDateTime(), nullable=True),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "user_id", name="pk_users"),
        sa.UniqueConstraint("merchant", "login", name="uq_users_merchant_login"),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("key_hash", sa.Text(), nullable=True),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        *_of_user_or_key("sessions"),
        sa.PrimaryKeyConstraint("merchant", "token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["merchant", "user_id"])
    op.create_index("ix_sessions_key", "sessions", ["merchant", "key_hash"])


def _create_one_time_links() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("key_hash", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        *_of_user_or_key("one_time_links"),
        sa.PrimaryKeyConstraint("merchant", "secret_hash", name="pk_one_time_links"),
    )


def _of_user_or_key(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    """Return what ends a row with its user or its API key."""
    return (
        sa.ForeignKeyConstraint(
            ["merchant", "user_id"],
            ["users.merchant", "users.user_id"],
            name=f"fk_{table}_merchant_user_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["merchant", "key_hash"],
            ["api_keys.merchant", "api_keys.key_hash"],
            name=f"fk_{table}_merchant_key_hash",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Take them away again."""
    for table in ("one_time_links", "sessions", "users"):
        op.drop_table(table)
    for column in ("last_used_at", "expires_at"):
        op.drop_column("api_keys", column)
