"""Rules: how much of each order was offered to them; those about no order, their runs, and what they listen to."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; of orders everything told so far counts as offered, which their state says by saying nothing."""
    op.add_column(
        "orders", sa.Column("offered_seq", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("pauses", sa.Column("for_person", sa.Boolean(), nullable=False, server_default=sa.false()))
    _runs()
    _told()


def _runs() -> None:
    op.create_table(
        "active_rules",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", name="pk_active_rules"),
    )
    op.create_table(
        "rule_runs",
        sa.Column("merchant", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("run_id", "rule", "digest", "trigger")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("about", "subject", "event", "looked_at")),
        sa.Column("next", sa.Text(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("open", sa.Text(), nullable=True),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "run_id", name="pk_rule_runs"),
    )
    op.create_index("ix_rule_runs_started", "rule_runs", ["merchant", "started_at", "run_id"])
    _index("ix_rule_runs_waiting", "rule_runs", ["merchant", "waits_for", "subject"], "waits_for IS NOT NULL")


def _told() -> None:
    op.create_table(
        "stock_told",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("dirty_seq", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("clean_seq", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("merchant", "sku", name="pk_stock_told"),
    )
    _index("ix_stock_told_untold", "stock_told", ["merchant", "sku"], "dirty_seq > clean_seq")
    op.create_table(
        "connections_told",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("changes", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("merchant", "connection", name="pk_connections_told"),
    )
    op.create_table(
        "buffers",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "connection", "sku", name="pk_buffers"),
    )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    which = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=which, sqlite_where=which)


def downgrade() -> None:
    """Take them away again."""
    for table in ("buffers", "connections_told", "stock_told", "rule_runs", "active_rules"):
        op.drop_table(table)
    op.drop_column("pauses", "for_person")
    op.drop_column("orders", "offered_seq")
