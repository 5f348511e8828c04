"""How runs of jobs end, many at once: each is over, due again, or parked, and so are the deliveries that asked for it."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store.columns import UTCDateTime, compact, keys_in, one_of
from core.store.jobs import Job, JobKey
from core.store.tables import deliveries, jobs

_JOB = (jobs.c.merchant, jobs.c.kind, jobs.c.subject)
_ASKED_BY = (deliveries.c.merchant, deliveries.c.kind, deliveries.c.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """How a run ended. Without ``due_at`` the job is over; parked, it and its deliveries are kept with the error."""

    job: Job
    now: datetime
    due_at: datetime | None = None
    data: Mapping[str, Any] | None = None
    """What it remembers; None: what it knew."""
    error: str | None = None
    attempts: int = 0
    park: bool = False


@dataclass(slots=True)
class _Changes:
    over: list[JobKey]
    rows: list[dict[str, Any]]
    done: list[JobKey]
    parked: list[JobEnd]


def end_jobs(conn: sa.Connection, ends: Sequence[JobEnd]) -> list[bool]:
    """End runs of distinct jobs and free their claims; return of each whether it was asked for again and so is due now.

    A run whose claim somebody else took over ends nothing.
    """
    dialect = conn.dialect.name
    keys = sorted(end.job.key for end in ends)
    found = {tuple(row[:3]): row for row in conn.execute(_locked(dialect), keys_in(dialect, keys))}
    answers: list[bool] = []
    changes = _Changes([], [], [], [])
    for end in ends:
        row = found.get(end.job.key)
        ours = row is not None and row.claimed_by == end.job.claimed_by
        answers.append(row is not None and ours and _end(end, row, changes))
    if changes.over:
        conn.execute(_over(dialect), keys_in(dialect, sorted(changes.over)))
    if changes.rows:
        conn.execute(
            _CHANGED, sorted(changes.rows, key=lambda r: (r["of_merchant"], r["of_kind"], r["of_subject"]))
        )
    if changes.done:
        conn.execute(_done(dialect), keys_in(dialect, sorted(changes.done)))
    for end in changes.parked:
        conn.execute(_PARKED, _of(end.job) | {"error": end.error})
    return answers


def _end(end: JobEnd, row: sa.Row[Any], changes: _Changes) -> bool:
    """Note what a run's end changes; return whether the job is due at once."""
    again = bool(row.requests != end.job.requests)
    if not again and not end.park and end.due_at is None:
        changes.over.append(end.job.key)
        changes.done.append(end.job.key)
        return False
    parked = end.park and not again
    if parked:
        changes.parked.append(end)
    elif not again and end.error is None:
        changes.done.append(end.job.key)
    changes.rows.append(
        _of(end.job)
        | {
            "due_at": end.now if again else None if parked else end.due_at,
            "attempts": end.attempts,
            "error": end.error,
            "parked_at": end.now if parked else None,
            "data": row.data if end.data is None else compact(dict(end.data)),
        }
    )
    return again


def _of(job: Job) -> dict[str, Any]:
    return {"of_merchant": job.merchant, "of_kind": job.kind, "of_subject": job.subject}


@functools.cache
def _locked(dialect: str) -> sa.Select[Any]:
    columns = (*_JOB, jobs.c.requests, jobs.c.claimed_by, jobs.c.data)
    return sa.select(*columns).where(one_of(dialect, _JOB)).order_by(*_JOB).with_for_update()


@functools.cache
def _over(dialect: str) -> sa.Delete:
    return sa.delete(jobs).where(one_of(dialect, _JOB))


@functools.cache
def _done(dialect: str) -> sa.Update:
    waiting = one_of(dialect, _ASKED_BY), deliveries.c.state != "done"
    return sa.update(deliveries).where(*waiting).values(state="done", error=None)


def _is(columns: Sequence[sa.ColumnElement[str]]) -> sa.ColumnElement[bool]:
    names = ("of_merchant", "of_kind", "of_subject")
    return sa.and_(*(column == sa.bindparam(name) for column, name in zip(columns, names, strict=True)))


_CHANGED = (
    sa.update(jobs)
    .where(_is(_JOB))
    .values(
        claimed_by=None,
        claimed_until=None,
        due_at=sa.bindparam("due_at", type_=UTCDateTime),
        attempts=sa.bindparam("attempts"),
        error=sa.bindparam("error"),
        parked_at=sa.bindparam("parked_at", type_=UTCDateTime),
        data=sa.bindparam("data"),
    )
)
_PARKED = (
    sa.update(deliveries)
    .where(_is(_ASKED_BY), deliveries.c.state != "done")
    .values(state="parked", error=sa.bindparam("error"))
)
