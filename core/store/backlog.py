"""How much is waiting, and what a process that has the database for itself does first."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from core.store.tables import effects, jobs, orders, vault


def free_claims(conn: sa.Connection) -> None:
    """End every claim: on SQLite there is one process, so whoever held a claim before it started is dead.

    What a dead owner had asked of a vendor is still looked up no earlier than its time.
    """
    for table in (orders, jobs, vault):
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


def due_and_next(
    conn: sa.Connection, merchant: str, now: datetime, *, without: Collection[str]
) -> tuple[int, datetime | None]:
    """Return how many orders and jobs of a merchant are due, claimed or not, and when the next one is.

    Whatever runs is due until it ends, in whichever process: nothing due means that nobody works on anything.
    ``without`` names kinds of jobs that do not count.
    """
    due, later = 0, []
    for table, counted in ((orders, sa.true()), (jobs, jobs.c.kind.not_in(sorted(without)))):
        ours = sa.and_(table.c.merchant == merchant, counted)
        due += conn.execute(
            sa.select(sa.func.count()).select_from(table).where(ours, table.c.due_at <= now)
        ).scalar_one()
        later.append(
            conn.execute(sa.select(sa.func.min(table.c.due_at)).where(ours, table.c.due_at > now)).scalar()
        )
    return due, min((instant for instant in later if instant is not None), default=None)
