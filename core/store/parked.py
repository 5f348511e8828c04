"""What is parked: it waits for a person, and is sent on by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.domain.state import OrderState
from core.model.failures import Failure
from core.store.columns import among
from core.store.jobs import FRESH_ATTEMPTS, Job, job_of
from core.store.tables import deliveries, jobs, orders

_PARKED: sa.ColumnElement[str] = sa.literal_column("'parked'")
"""Only a literal finds the index of the deliveries that are parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedOrder:
    """An order that a step failed at."""

    order_id: str
    number: str
    since: datetime
    step: str
    message: str
    failure: Failure | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedDelivery:
    """A delivery whose job failed."""

    connection: str
    event_id: str
    topic: str
    kind: str
    subject: str
    received_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedCounts:
    """How much is parked, and since when the longest."""

    orders: int
    jobs: int
    deliveries: int
    since: datetime | None


def parked_orders(conn: sa.Connection, merchant: str) -> list[ParkedOrder]:
    """Return the parked orders of a merchant, the longest parked first."""
    query = (
        sa.select(orders.c.order_id, orders.c.number, orders.c.state, orders.c.version)
        .where(orders.c.merchant == merchant, orders.c.parked_at.is_not(None))
        .order_by(orders.c.parked_at, orders.c.order_id)
    )
    found: list[ParkedOrder] = []
    for row in conn.execute(query):
        parked = OrderState.model_validate_json(row.state).parked
        if parked is not None:
            found.append(
                ParkedOrder(
                    order_id=row.order_id,
                    number=row.number,
                    since=parked.at,
                    step=parked.step,
                    message=parked.message,
                    failure=parked.failure,
                    version=row.version,
                )
            )
    return found


def parked_jobs(conn: sa.Connection, merchant: str) -> list[Job]:
    """Return the parked jobs of a merchant, the longest parked first."""
    query = sa.select(jobs).where(jobs.c.merchant == merchant, jobs.c.parked_at.is_not(None))
    return [
        job_of(row) for row in conn.execute(query.order_by(jobs.c.parked_at, jobs.c.kind, jobs.c.subject))
    ]


def parked_deliveries(conn: sa.Connection, merchant: str) -> list[ParkedDelivery]:
    """Return the parked deliveries of a merchant, the oldest first."""
    d = deliveries.c
    columns = (d.connection, d.event_id, d.topic, d.kind, d.subject, d.received_at, d.error)
    query = sa.select(*columns).where(deliveries.c.merchant == merchant, d.state == _PARKED)
    return [
        ParkedDelivery(**row)
        for row in conn.execute(query.order_by(d.received_at, d.connection, d.event_id)).mappings()
    ]


def count_parked(conn: sa.Connection, merchant: str) -> ParkedCounts:
    """Return how much of a merchant is parked."""
    of_orders, of_jobs = (
        conn.execute(
            sa.select(sa.func.count(), sa.func.min(table.c.parked_at)).where(
                table.c.merchant == merchant, table.c.parked_at.is_not(None)
            )
        ).one()
        for table in (orders, jobs)
    )
    of_deliveries = conn.execute(
        sa.select(sa.func.count()).where(deliveries.c.merchant == merchant, deliveries.c.state == _PARKED)
    ).scalar_one()
    return ParkedCounts(
        orders=of_orders[0],
        jobs=of_jobs[0],
        deliveries=of_deliveries,
        since=min((at for at in (of_orders[1], of_jobs[1]) if at is not None), default=None),
    )


def retry_jobs(
    conn: sa.Connection, merchant: str, named: Sequence[tuple[str, str]], *, now: datetime
) -> list[tuple[str, str]]:
    """Make parked jobs, by (kind, subject), due now, and their deliveries pending; return those that were parked."""
    if not named:
        return []
    key = (jobs.c.kind, jobs.c.subject)
    parked = sa.and_(
        jobs.c.merchant == merchant, jobs.c.parked_at.is_not(None), among(conn, key, sorted(set(named)))
    )
    found = [
        (kind, subject) for kind, subject in conn.execute(sa.select(*key).where(parked).with_for_update())
    ]
    if not found:
        return []
    again = {"due_at": now, "parked_at": None, "attempts": FRESH_ATTEMPTS}
    conn.execute(sa.update(jobs).where(parked).values(again))
    of_jobs = among(conn, (deliveries.c.kind, deliveries.c.subject), found)
    conn.execute(
        sa.update(deliveries)
        .where(deliveries.c.merchant == merchant, deliveries.c.state == _PARKED, of_jobs)
        .values(state="pending", error=None)
    )
    return sorted(found)


def parked_of(
    conn: sa.Connection, merchant: str, connection: str, kind: str, *, limit: int
) -> list[tuple[str, str]]:
    """Return (kind, subject) of a connection's parked jobs of a kind, the longest parked first."""
    query = sa.select(jobs.c.kind, jobs.c.subject).where(
        jobs.c.merchant == merchant,
        jobs.c.connection == connection,
        jobs.c.kind == kind,
        jobs.c.parked_at.is_not(None),
    )
    oldest = query.order_by(jobs.c.parked_at, jobs.c.subject).limit(limit)
    return [(found, subject) for found, subject in conn.execute(oldest)]
