"""Of each order: why its last run failed, and since when it is parked."""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from core.store.columns import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ORDERS = sa.table(
    "orders",
    sa.column("merchant", sa.Text()),
    sa.column("order_id", sa.Text()),
    sa.column("state", sa.Text()),
    sa.column("parked_at", UTCDateTime()),
)


def upgrade() -> None:
    """Add the columns; what is parked already says since when."""
    op.add_column("orders", sa.Column("error", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("parked_at", UTCDateTime(), nullable=True))
    conn = op.get_bind()
    known = sa.select(_ORDERS.c.merchant, _ORDERS.c.order_id, _ORDERS.c.state)
    for merchant, order_id, state in conn.execute(known.where(_ORDERS.c.state.contains('"parked":{'))).all():
        parked = json.loads(state).get("parked")
        if parked:
            this = sa.and_(_ORDERS.c.merchant == merchant, _ORDERS.c.order_id == order_id)
            at = datetime.fromisoformat(parked["at"])
            conn.execute(sa.update(_ORDERS).where(this).values(parked_at=at))
    op.create_index(
        "ix_orders_parked",
        "orders",
        ["merchant", "parked_at"],
        postgresql_where=sa.text("parked_at IS NOT NULL"),
        sqlite_where=sa.text("parked_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_orders_parked", "orders")
    op.drop_column("orders", "parked_at")
    op.drop_column("orders", "error")
