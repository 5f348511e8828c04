"""Jobs: everything that waits and is not an order (fetches, polls, pushes, refreshes), as rows with ``due_at``.

A job can be asked for again while it runs; it is then due again when it ends, so that no request is lost.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store.columns import UTCDateTime, among, compact, keys_in, one_of
from core.store.lanes import first_of_lanes
from core.store.processes import GONE_AFTER, unheld_at
from core.store.reads import one_statement
from core.store.revisions import revision_beside
from core.store.tables import jobs
from core.store.writes import update_by_key

JobKey = tuple[str, str, str]
"""(merchant, kind, subject)."""
FRESH_ATTEMPTS = 1
"""Of a parked job that is sent on: it has all its attempts again, and is not as one that never ran."""
_KEY = (jobs.c.merchant, jobs.c.kind, jobs.c.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A request that a job runs, no later than ``due_at``; ``data`` is kept only where the job is new."""

    kind: str
    subject: str
    connection: str
    due_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_connection(
        cls, kind: str, connection: str, due_at: datetime, data: Mapping[str, Any] | None = None
    ) -> Self:
        """Return a job about a whole connection."""
        return cls(kind=kind, subject=connection, connection=connection, due_at=due_at, data=data or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as its row says; ``requests`` counts how often it was asked for."""

    merchant: str
    kind: str
    subject: str
    connection: str
    due_at: datetime | None
    requests: int
    attempts: int
    error: str | None
    parked_at: datetime | None
    claimed_by: str | None
    data: dict[str, Any]
    revision: int = 0
    """Of its merchant's settings, when it was claimed."""

    @property
    def object_id(self) -> str:
        """The vendor's id of what it is about; the subject has the connection in front of it."""
        return self.subject.removeprefix(f"{self.connection}:")

    @property
    def key(self) -> JobKey:
        """What names it."""
        return (self.merchant, self.kind, self.subject)


def enqueue(conn: sa.Connection, merchant: str, requests: Sequence[NewJob]) -> None:
    """Make jobs of one merchant due by their instants or earlier; a parked one is sent on."""
    enqueue_all(conn, [(merchant, request) for request in requests])


def enqueue_all(conn: sa.Connection, requests: Sequence[tuple[str, NewJob]]) -> None:
    """Make each (merchant, job) due by its instant or earlier; a parked one is sent on."""
    if not requests:
        return
    # The same job may be asked for several times in one batch: a repeated key would be refused.
    merged: dict[tuple[str, str, str], dict[str, Any]] = {}
    for merchant, request in requests:
        key = (merchant, request.kind, request.subject)
        row = merged.setdefault(key, _row(merchant, request))
        row["due_at"] = min(row["due_at"], request.due_at)
    conn.execute(_enqueue(conn.dialect.name), [merged[key] for key in sorted(merged)])


@functools.cache
def _enqueue(dialect: str) -> sa.Insert:
    statement = postgresql.insert(jobs) if dialect == "postgresql" else sqlite.insert(jobs)
    new = statement.excluded
    earlier = sa.case(
        (sa.or_(jobs.c.due_at.is_(None), jobs.c.due_at > new.due_at), new.due_at),
        else_=jobs.c.due_at,
    )
    used_up = sa.and_(jobs.c.parked_at.is_not(None), jobs.c.attempts > FRESH_ATTEMPTS)
    sent_on = sa.case((used_up, FRESH_ATTEMPTS), else_=jobs.c.attempts)
    return statement.on_conflict_do_update(
        index_elements=["merchant", "kind", "subject"],
        set_={
            "due_at": earlier,
            "requests": jobs.c.requests + 1,
            "parked_at": None,
            "attempts": sent_on,
        },
    )


def _row(merchant: str, request: NewJob) -> dict[str, Any]:
    return {
        "merchant": merchant,
        "kind": request.kind,
        "subject": request.subject,
        "connection": request.connection,
        "due_at": request.due_at,
        "requests": 1,
        "data": compact(dict(request.data)),
        "lane": f"{request.connection}/{request.kind}",
    }


class DueJob(NamedTuple):
    """A job that is due and held by nobody."""

    merchant: str
    kind: str
    subject: str
    connection: str
    due_at: datetime

    @property
    def key(self) -> JobKey:
        """What names it."""
        return (self.merchant, self.kind, self.subject)


@one_statement
def first_jobs(conn: sa.Connection, now: datetime, *, depth: int) -> list[DueJob]:
    """Return the longest due jobs of each merchant, connection and kind, at most ``depth`` of each."""
    columns = [jobs.c[name] for name in DueJob._fields]
    found = first_of_lanes(conn, columns, jobs.c.lane, now=now, depth=depth, sparse=True)
    return [DueJob._make(row) for row in found]


def claim_jobs(
    conn: sa.Connection,
    *,
    owner: str,
    now: datetime,
    until: datetime,
    limit: int,
    kinds: Sequence[str] | None = None,
    only: Sequence[JobKey] | None = None,
) -> list[Job]:
    """Claim what is due and held by nobody, the longest due first; of ``only`` those, where it is given."""
    if only is not None and not only:
        return []
    dialect = conn.dialect.name
    query = _claimable(dialect, chosen=only is not None)
    if kinds is not None:
        query = query.where(jobs.c.kind.in_(kinds))
    found_at = {"now": now, "silent_since": now - GONE_AFTER, "most": limit}
    rows = conn.execute(query, found_at | (keys_in(dialect, sorted(only)) if only else {})).all()
    claimed = [replace(job_of(row), claimed_by=owner, revision=row.revision) for row in rows]
    update_by_key(conn, jobs, [{**_key(e), "claimed_by": owner, "claimed_until": until} for e in claimed])
    return claimed


@functools.cache
def _claimable(dialect: str, *, chosen: bool) -> sa.Select[Any]:
    now, silent = sa.bindparam("now", type_=UTCDateTime), sa.bindparam("silent_since", type_=UTCDateTime)
    query = sa.select(jobs, revision_beside(jobs.c.merchant)).where(
        jobs.c.due_at <= now, unheld_at(jobs.c, now, silent)
    )
    if chosen:
        query = query.where(one_of(dialect, _KEY))
    first = query.order_by(jobs.c.due_at, *jobs.primary_key).limit(sa.bindparam("most", type_=sa.Integer))
    return first.with_for_update(of=jobs, skip_locked=True)


def renew_jobs(conn: sa.Connection, owner: str, keys: Sequence[JobKey], *, until: datetime) -> None:
    """Prolong an owner's claims; what somebody else took over stays theirs."""
    conn.execute(
        sa.update(jobs).where(among(conn, _KEY, keys), jobs.c.claimed_by == owner).values(claimed_until=until)
    )


def release_jobs(conn: sa.Connection, owner: str, keys: Sequence[JobKey]) -> None:
    """End an owner's claims on jobs that were cut off: they stay due."""
    conn.execute(
        sa.update(jobs)
        .where(among(conn, _KEY, keys), jobs.c.claimed_by == owner)
        .values(claimed_by=None, claimed_until=None)
    )


def release_other_jobs(conn: sa.Connection, owner: str, running: Sequence[JobKey]) -> None:
    """End an owner's claims on all jobs but those it runs: it could not give them back, or never heard of them."""
    ours = sa.update(jobs).where(jobs.c.claimed_by == owner)
    if running:
        ours = ours.where(~among(conn, _KEY, running))
    conn.execute(ours.values(claimed_by=None, claimed_until=None))


def sales_known_as_of(conn: sa.Connection, merchant: str, connection: str) -> datetime | None:
    """Return the instant until which every order that a channel lists is known; None where nobody polls it.

    It is that at which its last whole poll began; long ago, while an order that it listed cannot be fetched.
    """
    ours = sa.and_(jobs.c.merchant == merchant, jobs.c.connection == connection)
    found = conn.execute(
        sa.select(jobs.c.data).where(ours, jobs.c.kind == "poll", jobs.c.subject == connection)
    ).scalar_one_or_none()
    polled = {} if found is None else json.loads(found)
    if "since" not in polled:
        return None
    failing = sa.and_(jobs.c.kind == "fetch", jobs.c.error.is_not(None), jobs.c.parked_at.is_(None))
    if "began" not in polled or conn.execute(sa.select(sa.literal(1)).where(ours, failing).limit(1)).first():
        return datetime.min.replace(tzinfo=UTC)
    return datetime.fromisoformat(polled["began"])


def list_jobs(conn: sa.Connection, merchant: str) -> list[Job]:
    """Return a merchant's jobs by kind and subject."""
    query = sa.select(jobs).where(jobs.c.merchant == merchant).order_by(jobs.c.kind, jobs.c.subject)
    return [job_of(row) for row in conn.execute(query)]


def list_jobs_of_kind(conn: sa.Connection, merchant: str, kind: str) -> list[Job]:
    """Return a merchant's jobs of a kind by subject."""
    query = sa.select(jobs).where(jobs.c.merchant == merchant, jobs.c.kind == kind).order_by(jobs.c.subject)
    return [job_of(row) for row in conn.execute(query)]


def job_of(row: sa.Row[Any]) -> Job:
    """Return the job of a row."""
    return Job(
        merchant=row.merchant,
        kind=row.kind,
        subject=row.subject,
        connection=row.connection,
        due_at=row.due_at,
        requests=row.requests,
        attempts=row.attempts,
        error=row.error,
        parked_at=row.parked_at,
        claimed_by=row.claimed_by,
        data=json.loads(row.data),
    )


def _key(job: Job) -> dict[str, str]:
    return {"merchant": job.merchant, "kind": job.kind, "subject": job.subject}
