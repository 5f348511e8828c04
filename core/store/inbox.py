"""The inbox: every delivery a vendor made, once, sealed, with the job that each asks for."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from core.errors import NotFoundError
from core.store.jobs import Job, NewJob, enqueue_all
from core.store.keys import forget_days_before
from core.store.pages import Page, newest_first
from core.store.personal import Body, seal_bodies
from core.store.sealing import Keyring
from core.store.tables import deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something a vendor delivered; ``event_id`` is unique within its connection for as long as it is kept.

    It is done when the job it asks for has run; at once where it asks for none.
    """

    event_id: str
    topic: str
    body: bytes
    job: NewJob | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A delivery as lists show it: no body."""

    connection: str
    event_id: str
    topic: str
    kind: str
    subject: str
    received_at: datetime
    state: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """Deliveries that came together over one connection."""

    merchant: str
    connection: str
    deliveries: Sequence[Delivery]
    received_at: datetime


_First = dict[tuple[str, str, str], tuple[int, Delivery]]
"""By key, the first ask that brought a delivery, and the delivery."""
_KEY = (deliveries.c.merchant, deliveries.c.connection, deliveries.c.event_id)


def deliver_all(conn: sa.Connection, keyring: Keyring, asks: Sequence[Delivered]) -> list[int]:
    """Store deliveries that are new and enqueue their jobs; return how many were new, per ask."""
    first: _First = {}
    for index, ask in enumerate(asks):
        for delivery in ask.deliveries:
            first.setdefault((ask.merchant, ask.connection, delivery.event_id), (index, delivery))
    counts = [0] * len(asks)
    requests: list[tuple[str, NewJob]] = []
    for key in sorted(_insert(conn, keyring, asks, first)):
        index, delivery = first[key]
        counts[index] += 1
        if delivery.job is not None:
            requests.append((key[0], delivery.job))
    enqueue_all(conn, requests)
    return counts


def _insert(
    conn: sa.Connection, keyring: Keyring, asks: Sequence[Delivered], first: _First
) -> set[tuple[str, str, str]]:
    """Insert what is not there yet and return its keys; the unique key decides."""
    if not first:
        return set()
    ordered = sorted(first.items(), key=lambda item: item[0])
    bodies = [
        Body(
            *key,
            received_at=asks[i].received_at,
            plain=delivery.body,
            kind=delivery.job.kind if delivery.job else "",
            subject=delivery.job.subject if delivery.job else "",
        )
        for key, (i, delivery) in ordered
    ]
    rows = [
        {
            "merchant": key[0],
            "connection": key[1],
            "event_id": key[2],
            "topic": delivery.topic,
            "kind": delivery.job.kind if delivery.job else "",
            "subject": delivery.job.subject if delivery.job else "",
            "received_at": asks[i].received_at,
            "state": "pending" if delivery.job else "done",
            "body": body,
            "body_key": key_id,
        }
        for (key, (i, delivery)), (body, key_id) in zip(
            ordered, seal_bodies(conn, keyring, bodies), strict=True
        )
    ]
    inserted = conn.execute(_new(conn.dialect.name), rows)
    return {(m, c, e) for m, c, e in inserted}


@functools.cache
def _new(dialect: str) -> ReturningInsert[Any]:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(deliveries).on_conflict_do_nothing().returning(*_KEY)


def list_deliveries(
    conn: sa.Connection,
    merchant: str,
    *,
    connection: str | None = None,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[DeliveryRow]:
    """Return a page of deliveries, the newest first."""
    query = sa.select(deliveries).where(deliveries.c.merchant == merchant)
    if connection is not None:
        query = query.where(deliveries.c.connection == connection)
    if state is not None:
        # Only a literal finds the index of those that are parked.
        query = query.where(
            deliveries.c.state == (sa.literal_column("'parked'") if state == "parked" else state)
        )
    key = (deliveries.c.received_at, deliveries.c.connection, deliveries.c.event_id)
    return newest_first(conn, query, key, _delivery_row, after=after, limit=limit)


def replay_delivery(
    conn: sa.Connection, merchant: str, connection: str, event_id: str, *, now: datetime
) -> None:
    """Enqueue a delivery's job again; it is pending until that ran. One that asks for no job stays as it is.

    Raises:
        NotFoundError: no such delivery.
    """
    this = _is(merchant, connection, event_id)
    row = conn.execute(sa.select(deliveries).where(this)).one_or_none()
    if row is None:
        raise NotFoundError(f"no delivery {event_id} of connection {connection}")
    if not row.kind:
        return
    enqueue_all(
        conn, [(merchant, NewJob(kind=row.kind, subject=row.subject, connection=connection, due_at=now))]
    )
    conn.execute(sa.update(deliveries).where(this).values(state="pending", error=None))


def deliveries_of_job(conn: sa.Connection, job: Job) -> list[tuple[str, str]]:
    """Return (connection, event id) of the deliveries that asked for a job."""
    query = sa.select(deliveries.c.connection, deliveries.c.event_id).where(
        deliveries.c.merchant == job.merchant,
        deliveries.c.kind == job.kind,
        deliveries.c.subject == job.subject,
    )
    return [(connection, event_id) for connection, event_id in conn.execute(query)]


def forget_deliveries(conn: sa.Connection, merchant: str, before: datetime) -> int:
    """Delete deliveries that were dealt with before an instant, and the keys of their days; return how many."""
    old = (deliveries.c.merchant == merchant, deliveries.c.received_at < before)
    gone = conn.execute(sa.delete(deliveries).where(*old, deliveries.c.state == "done")).rowcount
    left = conn.execute(sa.select(sa.func.min(deliveries.c.received_at)).where(*old)).scalar()
    forget_days_before(conn, merchant, (left or before).date())
    return gone


def _is(merchant: str, connection: str, event_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        deliveries.c.merchant == merchant,
        deliveries.c.connection == connection,
        deliveries.c.event_id == event_id,
    )


def _delivery_row(row: sa.Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        connection=row.connection,
        event_id=row.event_id,
        topic=row.topic,
        kind=row.kind,
        subject=row.subject,
        received_at=row.received_at,
        state=row.state,
        error=row.error,
    )


def orders_told(conn: sa.Connection, merchant: str, connection: str) -> list[str]:
    """Return the ids of the orders that deliveries of a connection, whose text is kept, tell of; also unknown ones."""
    query = sa.select(deliveries.c.subject).where(
        deliveries.c.merchant == merchant,
        deliveries.c.connection == connection,
        deliveries.c.kind == "fetch",
        deliveries.c.body.is_not(None),
    )
    return list(conn.execute(query.distinct().order_by(deliveries.c.subject)).scalars())
