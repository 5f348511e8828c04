"""What a hub has to do now and when it has something to do next, read from its rows: for whoever moves the clock."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.store.processes import GONE_AFTER, unheld
from core.store.tables import jobs, orders, processes

_BEATS = (processes.c.owner, processes.c.beat_at)
_MOMENT = timedelta(microseconds=1)
"""A claim that ends at an instant is free a moment later."""


def next_at(conn: sa.Connection) -> datetime | None:
    """Return the earliest instant at which an order or a job is due and held by nobody."""
    found: list[datetime] = []
    dead = {owner: at + GONE_AFTER for owner, at in conn.execute(sa.select(*_BEATS))}
    for table in (orders, jobs):
        free = sa.select(sa.func.min(table.c.due_at)).where(table.c.claimed_until.is_(None))
        first: datetime | None = conn.execute(free).scalar()
        found += [first] if first is not None else []
        held = sa.select(table.c.due_at, table.c.claimed_by, table.c.claimed_until).where(
            table.c.claimed_until.is_not(None), table.c.due_at.is_not(None)
        )
        for due_at, owner, until in conn.execute(held):
            found.append(max(due_at, min(until, dead.get(owner, until)) + _MOMENT))
    return min(found, default=None)


def due_now(conn: sa.Connection, now: datetime) -> list[tuple[str, str]]:
    """Return what is due: (merchant, order id) of orders, and ("", kind) for each kind of job, in one order."""
    of_orders = sa.select(orders.c.merchant, orders.c.order_id).where(_free(orders, now))
    of_jobs = sa.select(jobs.c.kind).where(_free(jobs, now)).distinct()
    kinds = [("", kind) for (kind,) in conn.execute(of_jobs.order_by(jobs.c.kind))]
    return kinds + [(m, o) for m, o in conn.execute(of_orders.order_by(*orders.primary_key))]


def _free(table: sa.Table, now: datetime) -> Any:
    return sa.and_(table.c.due_at <= now, unheld(table.c, now))
