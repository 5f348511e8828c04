"""How much is waiting, and what a process that has the database for itself does first."""

from datetime import datetime

import sqlalchemy as sa

from core.store.tables import effects, errands, orders


def free_claims(conn: sa.Connection) -> None:
    """End every claim: on SQLite there is one process, so whoever held a claim before it started is dead.

    What a dead owner had asked of a vendor is still looked up no earlier than its time.
    """
    for table in (orders, errands):
        held = table.c.claimed_by.is_not(None)
        conn.execute(sa.update(table).where(held).values(claimed_by=None, claimed_until=None))


def orders_due_before(conn: sa.Connection, merchant: str, instant: datetime) -> int:
    """Return how many orders of a merchant are looked at before an instant."""
    query = sa.select(sa.func.count()).where(orders.c.merchant == merchant, orders.c.due_at <= instant)
    return conn.execute(query).scalar_one()


def intents_open(conn: sa.Connection, merchant: str) -> int:
    """Return how many effects of a merchant's orders wait for their outcome."""
    query = sa.select(sa.func.count()).where(
        effects.c.merchant == merchant, effects.c.state == "intent", effects.c.order_id.is_not(None)
    )
    return conn.execute(query).scalar_one()
