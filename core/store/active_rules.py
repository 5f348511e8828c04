"""Which rules are in force, as every process sees them: those of the file that what serves was last started with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.triggers import Subject
from core.store.claims import wake_open_orders
from core.store.configs import STARTED, applied_over, note_version, save_config
from core.store.jobs import NewJob, enqueue, list_jobs_of_kind
from core.store.listening import CONNECTION, HOUR
from core.store.pauses import list_pauses, lost_connections
from core.store.revisions import change_settings
from core.store.tables import active_rules, connections_told, jobs, stock, stock_told
from core.store.writes import insert_new, upsert

LEVELS_AGAIN = "levels_again"
"""The kind of the job that looks at every listing again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHour:
    """When a rule is next started by the clock, and the schedule that says so."""

    due_at: datetime
    schedule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What follows from what a file says otherwise than the one before."""

    jobs: tuple[NewJob, ...] = ()
    wakes_orders: bool = False
    """Whether every open order is looked at again: when it is due next, or what keeps it, may be another."""


NOTHING = Consequences()


def activate_rules(
    conn: sa.Connection,
    merchant: str,
    digest: str,
    *,
    subjects: Collection[Subject],
    hours: Mapping[str, PlannedHour],
    now: datetime,
    actor: str = STARTED,
    follows: Consequences = NOTHING,
) -> None:
    """Put the rules of a file in force: from now on they are listened for, and nothing of before is told to them.

    A file that was not in force before becomes the next version, in the same transaction, and every process that knows
    the merchant's settings reads them again.
    What ``follows`` from what the file says otherwise than the one before is begun.
    A process that starts with a file over which another one was applied meanwhile changes nothing: it goes by that one.
    What was listened for already goes on; an hour that was planned by the same schedule stays as it is.
    """
    if digest_in_force(conn, merchant) != digest:
        change_settings(conn, merchant)
    before = _locked(conn, merchant)
    if actor == STARTED and applied_over(conn, merchant, digest) is not None:
        return
    note_version(conn, merchant, digest, actor=actor, now=now)
    told = " ".join(sorted(subjects))
    upsert(
        conn,
        active_rules,
        [{"merchant": merchant, "digest": digest, "subjects": f" {told} " if told else ""}],
    )
    if Subject.STOCK in subjects and Subject.STOCK not in before:
        _begin_with_stock(conn, merchant)
    if Subject.CONNECTION in subjects and Subject.CONNECTION not in before:
        _begin_with_connections(conn, merchant, now)
    _plan(conn, merchant, hours)
    enqueue(conn, merchant, follows.jobs)
    if follows.wakes_orders:
        wake_open_orders(conn, merchant, now)


def apply_config(
    conn: sa.Connection,
    merchant: str,
    text: str,
    digest: str,
    *,
    subjects: Collection[Subject],
    hours: Mapping[str, PlannedHour],
    now: datetime,
    actor: str,
    follows: Consequences = NOTHING,
) -> None:
    """Keep what a file says and put it in force: both or neither."""
    activate_rules(
        conn, merchant, digest, subjects=subjects, hours=hours, now=now, actor=actor, follows=follows
    )
    save_config(conn, merchant, digest, text, now=now)


def _locked(conn: sa.Connection, merchant: str) -> frozenset[str]:
    """Return what was listened for before; the row is there then, and locked."""
    insert_new(conn, active_rules, [{"merchant": merchant, "digest": "", "subjects": ""}])
    this = sa.select(active_rules.c.subjects).where(active_rules.c.merchant == merchant)
    return frozenset(conn.execute(this.with_for_update()).scalar_one().split())


def _begin_with_stock(conn: sa.Connection, merchant: str) -> None:
    """Take every SKU as it stands: only what changes from here on is told.

    What was counted before stays counted: runs are known by these numbers, and one that came again would be ignored.
    """
    available = sa.func.sum(stock.c.on_hand - stock.c.committed)
    same = (stock.c.merchant == stock_told.c.merchant, stock.c.sku == stock_told.c.sku)
    now_there = sa.select(available).where(*same).scalar_subquery()
    conn.execute(
        sa.update(stock_told)
        .where(stock_told.c.merchant == merchant)
        .values(available=now_there, clean_seq=stock_told.c.dirty_seq)
    )
    stands = (
        sa.select(stock.c.merchant, stock.c.sku, available, sa.literal(0), sa.literal(0))
        .where(stock.c.merchant == merchant, ~sa.exists().where(*same))
        .group_by(stock.c.merchant, stock.c.sku)
    )
    names = ["merchant", "sku", "available", "dirty_seq", "clean_seq"]
    conn.execute(sa.insert(stock_told).from_select(names, stands))


def _begin_with_connections(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Take what is paused as lost already, without telling it: that it is back is told."""
    conn.execute(
        sa.update(connections_told).where(connections_told.c.merchant == merchant).values(lost=False)
    )
    lost = sorted(lost_connections(conn, merchant, now))
    standing = sorted({pause.connection for pause in list_pauses(conn, merchant, now)})
    insert_new(conn, connections_told, [{"merchant": merchant, "connection": name} for name in lost])
    these = (connections_told.c.merchant == merchant, connections_told.c.connection.in_(lost))
    conn.execute(sa.update(connections_told).where(*these).values(lost=True))
    enqueue(conn, merchant, [NewJob.of_connection(CONNECTION, name, now) for name in standing])


def _plan(conn: sa.Connection, merchant: str, hours: Mapping[str, PlannedHour]) -> None:
    """Plan the hours of rules: what no rule of the file plans any more ends."""
    known = {job.subject: job for job in list_jobs_of_kind(conn, merchant, HOUR)}
    stale = [
        name
        for name, job in known.items()
        if name not in hours or job.data.get("schedule") != hours[name].schedule
    ]
    these = (jobs.c.merchant == merchant, jobs.c.kind == HOUR, jobs.c.subject.in_(sorted(stale)))
    conn.execute(sa.delete(jobs).where(*these))
    wanted = [
        NewJob(
            kind=HOUR,
            subject=name,
            connection="-",
            due_at=hour.due_at,
            data={"schedule": hour.schedule, "hour": hour.due_at.isoformat()},
        )
        for name, hour in sorted(hours.items())
        if name not in known or name in stale or known[name].parked_at is not None
    ]
    enqueue(conn, merchant, wanted)


def digest_in_force(conn: sa.Connection, merchant: str) -> str | None:
    """Return the digest of the file whose rules are in force; None where nothing ever served this merchant."""
    query = sa.select(active_rules.c.digest).where(active_rules.c.merchant == merchant)
    return conn.execute(query).scalar_one_or_none()
