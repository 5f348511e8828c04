"""What a merchant was shown and accepted, brakes, opening counts, and since when each action is accepted."""

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables; what was accepted or counted before counts as accepted and counted."""
    with op.batch_alter_table("stock") as stock:
        stock.add_column(sa.Column("counted", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("switches") as switches:
        switches.add_column(sa.Column("first_at", UTCDateTime(), nullable=True))
    with op.batch_alter_table("listings") as listings:
        listings.add_column(sa.Column("agreed", sa.Boolean(), server_default=sa.false(), nullable=False))
        listings.add_column(sa.Column("put_back", sa.Integer(), nullable=True))
    op.execute("UPDATE switches SET first_at = at WHERE state = 'on'")
    op.execute(
        "UPDATE stock SET counted = true WHERE EXISTS (SELECT 1 FROM ledger WHERE ledger.merchant = stock.merchant"
        " AND ledger.sku = stock.sku AND ledger.location = stock.location AND ledger.kind = 'counted')"
    )
    _go_lives()
    _brakes()
    _openings()


def downgrade() -> None:
    """Take them away again."""
    for name in ("go_lives", "brakes", "openings"):
        op.drop_table(name)
    with op.batch_alter_table("listings") as listings:
        listings.drop_column("agreed")
        listings.drop_column("put_back")
    with op.batch_alter_table("switches") as switches:
        switches.drop_column("first_at")
    with op.batch_alter_table("stock") as stock:
        stock.drop_column("counted")


def _go_lives() -> None:
    op.create_table(
        "go_lives",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("accepted_at", UTCDateTime(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("actions", sa.Text(), nullable=True),
        sa.Column("connections", sa.Text(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "document_id", name="pk_go_lives"),
    )


def _brakes() -> None:
    op.create_table(
        "brakes",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("listings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "connection", name="pk_brakes"),
    )


def _openings() -> None:
    op.create_table(
        "openings",
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant", "number", name="pk_openings"),
    )
