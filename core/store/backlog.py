"""How much is waiting, and what a process that has the database for itself does first."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.tables import effects, idempotency_keys, jobs, orders, vault
from core.store.tables.orders import REFUSED_MAIL

MOST_COUNTED = 10_000
"""Of more orders or jobs than this so many are counted."""


def free_claims(conn: sa.Connection) -> None:
    """End every claim: on SQLite there is one process, so whoever held a claim before it started is dead.

    What a dead owner had asked of a vendor is still looked up no earlier than its time. An order that is not due is
    claimed by nobody once its owner is silent: it is left alone, and not all orders are read.
    """
    for table in (orders, jobs, vault, idempotency_keys):
        held = [table.c.claimed_by.is_not(None), *([table.c.due_at.is_not(None)] if table is orders else [])]
        conn.execute(sa.update(table).where(*held).values(claimed_by=None, claimed_until=None))


def orders_due_before(conn: sa.Connection, merchant: str, instant: datetime) -> int:
    """Return how many orders of a merchant are looked at before an instant."""
    return _count(conn, orders, orders.c.merchant == merchant, orders.c.due_at <= instant)


def _count(conn: sa.Connection, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    some = sa.select(table.c.merchant).where(*which).limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def intents_open(conn: sa.Connection, merchant: str) -> int:
    """Return how many effects of a merchant's orders wait for their outcome: of such an order the next look is due, or it is parked."""
    ours = (effects.c.merchant == merchant, effects.c.state == "intent")
    parked = sa.and_(orders.c.due_at.is_(None), orders.c.parked_at.is_not(None))
    found = 0
    for which in (orders.c.due_at.is_not(None), parked):
        of = effects.c.order_id.in_(sa.select(orders.c.order_id).where(orders.c.merchant == merchant, which))
        found += conn.execute(sa.select(sa.func.count()).select_from(effects).where(*ours, of)).scalar_one()
    return found


def refused_mails(conn: sa.Connection, merchant: str) -> dict[str, int]:
    """Return how many messages each mail connection could not send, ever."""
    query = sa.select(effects.c.connection, sa.func.count()).where(
        effects.c.merchant == merchant, sa.text(REFUSED_MAIL)
    )
    return {row[0]: row[1] for row in conn.execute(query.group_by(effects.c.connection))}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDue:
    """How much is due, claimed or not, and when more is; whatever runs is due until it ends, in whichever process."""

    due: int
    next_at: datetime | None
    work_at: datetime | None
    """When the next order or job is due that does more than look for news."""
    looked_at: datetime | None
    """Until when every channel was asked for news."""


def next_due(
    conn: sa.Connection, merchant: str, now: datetime, *, without: Collection[str], looks: Collection[str]
) -> NextDue:
    """Return what is due of a merchant: nothing due means that nobody works on anything.

    Kinds of jobs in ``without`` do not count, and those in ``looks`` only ask a vendor whether there is news.
    """
    # One that failed tries again, which is more than a look.
    look = sa.and_(jobs.c.kind.in_(sorted(looks)), jobs.c.attempts == 0)
    of_orders = _due(conn, orders, orders.c.merchant == merchant, now)
    of_jobs = sa.and_(jobs.c.merchant == merchant, jobs.c.kind.not_in(sorted(without)))
    work, news = (_due(conn, jobs, sa.and_(of_jobs, each), now) for each in (sa.not_(look), look))
    memories = conn.scalars(sa.select(jobs.c.data).where(jobs.c.merchant == merchant, look)).all()
    looked = [datetime.fromisoformat(last) for last in (json.loads(m).get("last") for m in memories) if last]
    return NextDue(
        due=of_orders[0] + work[0] + news[0],
        next_at=_first(of_orders[1], work[1], news[1]),
        work_at=_first(of_orders[1], work[1]),
        looked_at=min(looked, default=None),
    )


def _due(
    conn: sa.Connection, table: sa.Table, ours: sa.ColumnElement[bool], now: datetime
) -> tuple[int, datetime | None]:
    due, later = table.c.due_at <= now, table.c.due_at > now
    count = _count(conn, table, ours, due)
    first = sa.select(sa.func.min(table.c.due_at)).where(ours, later)
    return count, conn.execute(first).scalar()


def _first(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)
