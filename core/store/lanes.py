"""Lanes: what is due is read by merchant and by what it waits for, a few of each, whatever else is due.

A flood in one lane hides nothing in another, and costs no more than its few: every step is one look into the index
(merchant, lane, due_at). Two recursive queries walk it, from merchant to merchant and from lane to lane. They are asked
many times a second, so each is put together once.
"""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store.columns import UTCDateTime
from core.store.processes import GONE_AFTER, unheld_at

_NOW, _SILENT = sa.bindparam("now", type_=UTCDateTime), sa.bindparam("silent_since", type_=UTCDateTime)


def first_of_lanes(
    conn: sa.Connection,
    columns: Sequence[sa.Column[Any]],
    lane: sa.Column[str],
    *,
    now: datetime,
    depth: int,
    sparse: bool = False,
) -> Sequence[sa.Row[Any]]:
    """Return ``columns`` of the rows of each lane that are longest due and held by nobody, at most ``depth`` of each.

    ``sparse``: most merchants have many lanes and nothing due in any; those without are passed by with one look.
    """
    statement = _statement(conn.dialect.name, tuple(columns), lane, sparse=sparse)
    return conn.execute(statement, {"now": now, "silent_since": now - GONE_AFTER, "depth": depth}).all()


@functools.cache
def _statement(
    dialect: str, columns: tuple[sa.Column[Any], ...], lane: sa.Column[str], *, sparse: bool
) -> sa.Select[Any]:
    table = lane.table
    lanes = _lanes(table, lane, sparse=sparse)
    row = table.alias("found")
    first: sa.Select[Any] = (
        sa.select(sa.literal_column("found.rowid"))
        .where(row.c.merchant == lanes.c.merchant, row.c[lane.key] == lanes.c.lane)
        .where(row.c.due_at <= _NOW, unheld_at(row.c, _NOW, _SILENT))
        .order_by(row.c.due_at, *(row.c[column.key] for column in list(table.primary_key)[1:]))
        .limit(sa.bindparam("depth", type_=sa.Integer))
        .correlate(lanes)
    )
    if dialect == "postgresql":
        top = first.with_only_columns(*(row.c[column.key] for column in columns)).lateral("top")
        return sa.select(top).join_from(lanes, top, sa.true())
    # SQLite knows no LATERAL; it looks up the rows that a query for each lane names.
    here = sa.literal_column(f"{table.name}.rowid").in_(first)
    return sa.select(*columns).join_from(lanes, table, here)


def _lanes(table: sa.FromClause, lane: sa.Column[str], *, sparse: bool) -> sa.CTE:
    """Return every lane that is used, as (merchant, lane); with ``sparse`` only those of merchants that have something due."""
    merchants = _merchants(table)
    row = table.alias("lane_row")
    name = row.c[lane.key]
    named = sa.select(name).where(row.c.due_at.is_not(None)).order_by(name).limit(1)
    first = named.where(row.c.merchant == merchants.c.merchant).correlate(merchants).scalar_subquery()
    start = sa.select(merchants.c.merchant, first.label("lane")).where(merchants.c.merchant.is_not(None))
    if sparse:
        due = table.alias("due_row")
        start = start.where(
            sa.exists()
            .where(due.c.merchant == merchants.c.merchant, due.c.due_at <= _NOW)
            .correlate(merchants)
        )
    lanes = start.cte("lanes", recursive=True)
    behind = named.where(row.c.merchant == lanes.c.merchant, name > lanes.c.lane)
    following = behind.correlate(lanes).scalar_subquery()
    return lanes.union_all(sa.select(lanes.c.merchant, following).where(lanes.c.lane.is_not(None)))


def _merchants(table: sa.FromClause) -> sa.CTE:
    """Return every merchant that has a row with an instant."""
    row = table.alias("merchant_row")
    named = sa.select(row.c.merchant).where(row.c.due_at.is_not(None)).order_by(row.c.merchant).limit(1)
    merchants = sa.select(named.scalar_subquery().label("merchant")).cte("merchants", recursive=True)
    following = named.where(row.c.merchant > merchants.c.merchant).correlate(merchants).scalar_subquery()
    return merchants.union_all(sa.select(following).where(merchants.c.merchant.is_not(None)))
