"""What a monitor asks of a database: how many of what, counted by the database along its indexes."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.store.tables import deliveries, jobs, orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts over all merchants asked for."""

    stages: dict[str, int]
    """Stage -> orders; stages without any are left out."""
    jobs: int
    parked_orders: int
    parked_jobs: int
    parked_deliveries: int


def figures(conn: sa.Connection, merchants: Sequence[str]) -> Figures:
    """Return the figures of merchants."""
    ours = orders.c.merchant.in_(merchants)
    by_stage = sa.select(orders.c.stage, sa.func.count()).where(ours).group_by(orders.c.stage)
    return Figures(
        stages={row[0]: row[1] for row in conn.execute(by_stage)},
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
    return conn.execute(sa.select(sa.func.count()).select_from(table).where(*which)).scalar_one()
