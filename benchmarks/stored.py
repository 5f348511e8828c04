"""Orders that are stored already: delivered ones are copied by set-based statements, a million within minutes.

A copy has every row that an order has, under names of its own. Only two things are made smaller: its personal data,
which is sealed to the order it belongs to, and, unless they are wanted, what its facts say, which nobody reads again.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.merchant import MERCHANT
from benchmarks.running import PATIENCE_S, Running, rest, sold
from benchmarks.selling import AT_ONCE
from core.store.store import Store
from core.store.tables import data_keys, deliveries, effects, facts, labels, ledger, orders, refs, stock

AT_A_TIME = 100
"""Copies of each order in one transaction."""
YEAR = timedelta(days=365)

_NAMED: dict[sa.Table, tuple[str, ...]] = {
    orders: ("order_id", "external_id", "number"),
    facts: ("order_id",),
    effects: ("key", "order_id"),
    refs: ("reference", "order_id"),
    labels: ("order_id",),
    deliveries: ("event_id", "subject"),
    data_keys: ("key_id", "purpose"),
    ledger: ("order_id",),
}
"""Table -> the columns in which a copy has a name of its own. Orders come first: others refer to them."""
_SMALLER: Mapping[sa.Column[Any], Any] = {orders.c.personal: None, orders.c.personal_key: None}
_WITHOUT_FACTS: Mapping[sa.Column[Any], Any] = {**_SMALLER, facts.c.data: "{}"}


async def store_delivered(hub: Running, count: int, *, with_facts: bool = False) -> None:
    """Let a few orders go the whole way, and copy them until so many are stored."""
    whole = min(AT_ONCE, count // 2)
    await sold(hub.selling, PATIENCE_S, whole)
    await rest(hub.looking)
    await _store_copies(hub.looking, count - whole, _SMALLER if with_facts else _WITHOUT_FACTS)


async def _store_copies(store: Store, count: int, smaller: Mapping[sa.Column[Any], Any]) -> None:
    """Copy the orders that are there until ``count`` more are stored."""
    known = await store.read(_known)
    whole, left = divmod(count, len(known))
    apart = YEAR / (whole + 1)
    for first in range(1, whole + 1, AT_A_TIME):
        last = min(first + AT_A_TIME - 1, whole)
        await store.write(_copy, known, first, last, apart=apart, smaller=smaller)
    if left:
        await store.write(_copy, known[:left], whole + 1, whole + 1, apart=apart, smaller=smaller)
    await store.write(_entries_are_true)


def _known(conn: sa.Connection) -> list[str]:
    query = sa.select(orders.c.order_id).where(orders.c.merchant == MERCHANT)
    return list(conn.execute(query.order_by(orders.c.order_id)).scalars())


def _copy(
    conn: sa.Connection,
    patterns: Sequence[str],
    first: int,
    last: int,
    *,
    apart: timedelta,
    smaller: Mapping[sa.Column[Any], Any],
) -> None:
    """Copy each order once for each number; a copy was placed so many times ``apart`` earlier as its number says."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL session_replication_role = replica")  # what is copied refers rightly
    numbers = sa.select(sa.literal(first).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < last))
    for table, named in _NAMED.items():
        columns = [
            sa.cast(sa.literal(smaller[column]), column.type)
            if column in smaller
            else _column(conn, column, named, numbers.c.n, apart)
            for column in table.columns
        ]
        query = sa.select(*columns).select_from(table.join(numbers, sa.true()))
        query = query.where(table.c.merchant == MERCHANT, _of(table, patterns))
        conn.execute(sa.insert(table).from_select([c.name for c in table.columns], query))


def _column(
    conn: sa.Connection,
    column: sa.Column[Any],
    named: Sequence[str],
    n: sa.ColumnElement[int],
    apart: timedelta,
) -> Any:
    if column.name in named:
        return column.concat("-").concat(sa.cast(n, sa.Text))
    if column is ledger.c.seq:
        return column + n * _LEDGER_STEP
    if column is orders.c.placed_at:
        return _earlier(conn, column, n * round(apart.total_seconds()))
    return column


def _earlier(conn: sa.Connection, instant: sa.Column[Any], seconds: sa.ColumnElement[int]) -> Any:
    """Return an instant so many seconds before another, as the database keeps it."""
    if conn.dialect.name == "postgresql":
        return sa.type_coerce(instant, sa.DateTime(timezone=True)) - seconds * sa.literal(
            timedelta(seconds=1)
        )
    moved = sa.func.strftime("%Y-%m-%dT%H:%M:%f", instant, sa.func.printf("-%d seconds", seconds))
    return sa.type_coerce(moved, sa.Text).concat("000+00:00")


_LEDGER_STEP = 10_000
"""More rows than one counter's ledger has before it is copied."""


def _of(table: sa.Table, patterns: Sequence[str]) -> sa.ColumnElement[bool]:
    if table is deliveries:
        return table.c.subject.in_(patterns)
    if table is data_keys:
        return table.c.purpose.in_([f"order:{order_id}" for order_id in patterns])
    return table.c.order_id.in_(patterns)


def _entries_are_true(conn: sa.Connection) -> None:
    """Let each counter go on after the last row of its ledger."""
    last = sa.select(sa.func.max(ledger.c.seq)).where(
        ledger.c.merchant == stock.c.merchant,
        ledger.c.sku == stock.c.sku,
        ledger.c.location == stock.c.location,
    )
    conn.execute(sa.update(stock).values(entries=sa.func.coalesce(last.scalar_subquery(), stock.c.entries)))
