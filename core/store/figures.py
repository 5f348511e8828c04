"""What a monitor asks of a database: how many of what, counted by the database along its indexes."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.domain.state import Stage
from core.store.tables import deliveries, jobs, orders

MOST_COUNTED = 100_000
"""Of more than this so many are counted: a monitor asks every few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts over all merchants asked for, each up to ``MOST_COUNTED``."""

    stages: dict[str, int]
    """Stage -> orders; stages without any are left out."""
    jobs: int
    parked_orders: int
    parked_jobs: int
    parked_deliveries: int


def figures(conn: sa.Connection, merchants: Sequence[str]) -> Figures:
    """Return the figures of merchants."""
    ours = orders.c.merchant.in_(merchants)
    stages = {stage.value: _count(conn, orders, ours, orders.c.stage == stage.value) for stage in Stage}
    return Figures(
        stages={stage: count for stage, count in stages.items() if count},
        jobs=_count(conn, jobs, jobs.c.merchant.in_(merchants)),
        parked_orders=_count(conn, orders, ours, orders.c.parked_at.is_not(None)),
        parked_jobs=_count(conn, jobs, jobs.c.merchant.in_(merchants), jobs.c.parked_at.is_not(None)),
        parked_deliveries=_count(
            conn,
            deliveries,
            deliveries.c.merchant.in_(merchants),
            deliveries.c.state == sa.literal_column("'parked'"),
        ),
    )


def _count(conn: sa.Connection, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    some = sa.select(table.c.merchant).where(*which).limit(MOST_COUNTED).subquery()
    return conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
