"""What is known of a merchant's jobs by connection, whatever their number."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from core.store.jobs import Job, job_of
from core.store.tables import jobs

MOST_COUNTED = 10_000
"""Of more jobs than this so many are counted."""


def standing_jobs(conn: sa.Connection, merchant: str, kinds: Collection[str]) -> list[Job]:
    """Return a merchant's jobs of kinds of which a connection has one each."""
    query = sa.select(jobs).where(jobs.c.merchant == merchant, jobs.c.kind.in_(sorted(kinds)))
    return [job_of(row) for row in conn.execute(query.order_by(jobs.c.kind, jobs.c.subject))]


def parked_by_connection(conn: sa.Connection, merchant: str) -> Mapping[str, int]:
    """Return how many jobs of each connection are parked."""
    query = sa.select(jobs.c.connection, sa.func.count()).where(
        jobs.c.merchant == merchant, jobs.c.parked_at.is_not(None)
    )
    return {row[0]: row[1] for row in conn.execute(query.group_by(jobs.c.connection))}


def first_errors(conn: sa.Connection, merchant: str, connections: Iterable[str]) -> Mapping[str, str]:
    """Return why a job of each connection failed: the first by kind and subject; without those where none did."""
    found: dict[str, str] = {}
    for connection in connections:
        failed = (jobs.c.merchant == merchant, jobs.c.connection == connection, jobs.c.error.is_not(None))
        query = sa.select(jobs.c.error).where(*failed).order_by(jobs.c.kind, jobs.c.subject).limit(1)
        error = conn.execute(query).scalar()
        if error:
            found[connection] = error
    return found


def count_due(
    conn: sa.Connection, merchant: str, connection: str, kinds: Collection[str], now: datetime
) -> int:
    """Return how many jobs of some kinds of a connection are due, up to ``MOST_COUNTED``."""
    lanes = sorted(f"{connection}/{kind}" for kind in kinds)
    due = (jobs.c.merchant == merchant, jobs.c.lane.in_(lanes), jobs.c.due_at <= now)
    return _count(conn, *due)


def count_jobs_before(
    conn: sa.Connection, merchant: str, instant: datetime, *, without: Collection[str]
) -> int:
    """Return how many jobs are done before an instant, up to ``MOST_COUNTED``; kinds in ``without`` do not count."""
    ours = (jobs.c.merchant == merchant, jobs.c.kind.not_in(sorted(without)), jobs.c.parked_at.is_(None))
    return _count(conn, *ours, jobs.c.due_at <= instant) + _count(conn, *ours, jobs.c.due_at.is_(None))


def _count(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> int:
    some = sa.select(jobs.c.merchant).where(*which).limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
