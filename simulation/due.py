"""What a hub has to do now and when it has something to do next, read from its rows: for whoever moves the clock."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.store.tables import jobs, orders

_MOMENT = timedelta(microseconds=1)
"""A claim that ends at an instant is free a moment later."""


def next_at(conn: sa.Connection) -> datetime | None:
    """Return the earliest instant at which an order or a job is due and held by nobody."""
    found: list[datetime] = []
    for table in (orders, jobs):
        free = sa.select(sa.func.min(table.c.due_at)).where(table.c.claimed_until.is_(None))
        first: datetime | None = conn.execute(free).scalar()
        found += [first] if first is not None else []
        held = sa.select(table.c.due_at, table.c.claimed_until).where(
            table.c.claimed_until.is_not(None), table.c.due_at.is_not(None)
        )
        found += [max(row.due_at, row.claimed_until + _MOMENT) for row in conn.execute(held)]
    return min(found, default=None)


def due_now(conn: sa.Connection, now: datetime) -> list[tuple[str, str]]:
    """Return what is due: (merchant, order id) of orders, and ("", kind) for each kind of job, in one order."""
    of_orders = sa.select(orders.c.merchant, orders.c.order_id).where(_free(orders, now))
    of_jobs = sa.select(jobs.c.kind).where(_free(jobs, now)).distinct()
    kinds = [("", kind) for (kind,) in conn.execute(of_jobs.order_by(jobs.c.kind))]
    return kinds + [(m, o) for m, o in conn.execute(of_orders.order_by(*orders.primary_key))]


def _free(table: sa.Table, now: datetime) -> Any:
    claim = sa.or_(table.c.claimed_until.is_(None), table.c.claimed_until < now)
    return sa.and_(table.c.due_at <= now, claim)
