"""What a monitor asks of a database: how many of what and since when, counted by the database along its indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.domain.state import Stage
from core.store.processes import GONE_AFTER
from core.store.tables import deliveries, jobs, listings, orders, pauses, processes

OPEN = (Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY, Stage.LABELLED)
"""Stages in which somebody waits for us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """What is due and nobody works on."""

    count: int
    oldest_s: float
    """How long the first of it has been due; 0 where there is none."""


MOST_COUNTED = 100_000
"""Of more than this so many are counted: a monitor asks every few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts over all merchants asked for, each up to ``MOST_COUNTED``."""

    stages: Mapping[str, int]
    """Stage -> orders; stages without any are left out."""
    oldest_s: Mapping[str, float]
    """Open stage -> how long ago the oldest order that stands there was placed; 0 where none does."""
    jobs: int
    orders_overdue: Overdue
    jobs_overdue: Overdue
    parked_orders: int
    parked_jobs: int
    parked_deliveries: int
    pauses: Mapping[str, int]
    """Kind of work -> how many connections do none of it just now."""
    processes: Mapping[str, int]
    """Role -> how many processes live."""


def figures(conn: sa.Connection, merchants: Sequence[str], now: datetime) -> Figures:
    """Return the figures of merchants."""
    ours, of_jobs = orders.c.merchant.in_(merchants), jobs.c.merchant.in_(merchants)
    stages = {stage.value: _count(conn, orders, ours, orders.c.stage == stage.value) for stage in Stage}
    standing = sa.and_(pauses.c.merchant.in_(merchants), pauses.c.cleared_at.is_(None))
    by_action = sa.select(pauses.c.action, sa.func.count()).where(standing).group_by(pauses.c.action)
    return Figures(
        stages={stage: count for stage, count in stages.items() if count},
        oldest_s={stage.value: _oldest_s(conn, merchants, stage, now) for stage in OPEN},
        jobs=_count(conn, jobs, of_jobs),
        orders_overdue=_overdue(conn, orders, ours, now),
        jobs_overdue=_overdue(conn, jobs, of_jobs, now),
        parked_orders=_count(conn, orders, ours, orders.c.parked_at.is_not(None)),
        parked_jobs=_count(conn, jobs, of_jobs, jobs.c.parked_at.is_not(None)),
        parked_deliveries=_count(
            conn,
            deliveries,
            deliveries.c.merchant.in_(merchants),
            deliveries.c.state == sa.literal_column("'parked'"),
        ),
        pauses={row[0]: row[1] for row in conn.execute(by_action)},
        processes=_living(conn, now),
    )


def _oldest_s(conn: sa.Connection, merchants: Sequence[str], stage: Stage, now: datetime) -> float:
    query = sa.select(sa.func.min(orders.c.placed_at)).where(
        orders.c.merchant.in_(merchants), orders.c.stage == stage.value
    )
    return _since_s(conn.execute(query).scalar_one(), now)


def _since_s(instant: datetime | None, now: datetime) -> float:
    return 0.0 if instant is None else max(0.0, (now - instant).total_seconds())


def _overdue(conn: sa.Connection, table: sa.Table, ours: sa.ColumnElement[bool], now: datetime) -> Overdue:
    free = sa.or_(table.c.claimed_until.is_(None), table.c.claimed_until < now)
    query = sa.select(sa.func.count(), sa.func.min(table.c.due_at)).where(ours, table.c.due_at <= now, free)
    count, oldest = conn.execute(query).one()
    return Overdue(count=count, oldest_s=_since_s(oldest, now))


def _living(conn: sa.Connection, now: datetime) -> dict[str, int]:
    lives = processes.c.beat_at >= now - GONE_AFTER
    query = sa.select(processes.c.role, sa.func.count()).where(lives).group_by(processes.c.role)
    return {row[0]: row[1] for row in conn.execute(query)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFigures:
    """How many listings show another number than they should."""

    waiting: int
    """Something changed, and it is not written yet."""
    drifted: int
    """Nothing waits to be written, and the channel shows another number all the same."""


def level_figures(conn: sa.Connection, merchants: Sequence[str]) -> LevelFigures:
    """Return the figures of merchants' listings; every listing is looked at."""
    row, ours = listings.c, listings.c.merchant.in_(merchants)
    dirty = row.dirty_seq > row.clean_seq
    return LevelFigures(
        waiting=_count(conn, listings, ours, dirty),
        drifted=_count(conn, listings, ours, sa.not_(dirty), row.last_read != row.wanted_last),
    )


def _count(conn: sa.Connection, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    some = sa.select(table.c.merchant).where(*which).limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
