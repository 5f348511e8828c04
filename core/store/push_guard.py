"""The guard on mass change: rounds of level pushes that wait for a person.

What is stopped is marked at the listings themselves; a row of the connection says since when.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange, ListingKey
from core.store.jobs import NewJob, enqueue
from core.store.listings import PUSH, raised_bulk
from core.store.reads import one_statement
from core.store.tables import listings, stopped_pushes
from core.store.tables.stock import STOPPED
from core.store.writes import insert_new

_IS_STOPPED = sa.text(STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedPush:
    """A push round that changes too much at once and waits for a person."""

    connection: str
    at: datetime
    changes: int
    """How many listings it would change."""
    zeros: int
    """How many of them it would show as sold out."""
    listings: int
    """How many listings of the connection are ours to write."""


def stop_push(conn: sa.Connection, merchant: str, connection: str, *, ours: int, now: datetime) -> None:
    """Note that rounds of a connection, of whose listings so many are ``ours``, wait; one that does already goes on to."""
    row = {
        "merchant": merchant,
        "connection": connection,
        "at": now,
        "changes": "[]",
        "listings": ours,
    }
    insert_new(conn, stopped_pushes, [row])


@one_statement
def is_stopped(conn: sa.Connection, merchant: str, connection: str) -> bool:
    """Return whether a round of a connection waits for a person."""
    query = sa.select(stopped_pushes.c.connection).where(*_of(merchant, connection))
    return conn.execute(query).first() is not None


def list_stopped_pushes(conn: sa.Connection, merchant: str) -> dict[str, StoppedPush]:
    """Return the stopped rounds, by connection."""
    found = conn.execute(sa.select(stopped_pushes).where(stopped_pushes.c.merchant == merchant)).all()
    sold_out = sa.and_(listings.c.wanted_last == 0, listings.c.last_read > 0)
    return {
        row.connection: StoppedPush(
            connection=row.connection,
            at=row.at,
            changes=_count(conn, merchant, row.connection, sa.true()),
            zeros=_count(conn, merchant, row.connection, sold_out),
            listings=row.listings,
        )
        for row in found
    }


def first_stopped(conn: sa.Connection, merchant: str, connection: str, *, limit: int) -> list[LevelChange]:
    """Return the first changes that a stopped round would make, by listing."""
    ours = (listings.c.merchant == merchant, listings.c.connection == connection, _IS_STOPPED)
    columns = (listings.c.listing, listings.c.location, listings.c.wanted_last, listings.c.last_read)
    query = sa.select(*columns).where(*ours).order_by(listings.c.listing, listings.c.location).limit(limit)
    return [
        LevelChange(key=ListingKey(listing=name, location=at or None), units=wanted or 0, last_read=shown)
        for name, at, wanted, shown in conn.execute(query)
    ]


def release_push(conn: sa.Connection, merchant: str, connection: str, *, go: bool, now: datetime) -> None:
    """Take a stopped round away; ``go`` lets the numbers that it showed be written once."""
    gone = conn.execute(sa.delete(stopped_pushes).where(*_of(merchant, connection))).rowcount
    ours = (listings.c.merchant == merchant, listings.c.connection == connection, _IS_STOPPED)
    key = (listings.c.listing, listings.c.location)
    # Locked in the order of their keys first: an UPDATE locks in whatever order it finds the rows.
    conn.execute(sa.select(*key).where(*ours).order_by(*key).with_for_update())
    agreed = {"agreed": True, "dirty_seq": listings.c.dirty_seq + 1, "bulk": raised_bulk(bulk=True)}
    conn.execute(sa.update(listings).where(*ours).values(stopped=False, **(agreed if gone and go else {})))
    if gone and go:
        enqueue(conn, merchant, [NewJob.of_connection(PUSH, connection, now)])


def _count(conn: sa.Connection, merchant: str, connection: str, which: sa.ColumnElement[bool]) -> int:
    ours = (listings.c.merchant == merchant, listings.c.connection == connection, _IS_STOPPED)
    return conn.execute(sa.select(sa.func.count()).select_from(listings).where(*ours, which)).scalar_one()


def _of(merchant: str, connection: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return stopped_pushes.c.merchant == merchant, stopped_pushes.c.connection == connection
