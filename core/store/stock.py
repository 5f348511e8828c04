"""Stock as people see and change it: counters, counts, goods that come in."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.store.columns import keys_in, one_of
from core.store.jobs import NewJob, enqueue
from core.store.ledger import Seen, count, receive
from core.store.pages import Page, in_order
from core.store.stock_told import mark_changed
from core.store.tables import stock

MANY = 50
"""More SKUs than this that change at once, by a count or a receipt, are pushed after what orders change meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRow:
    """What a location holds of a SKU; available is on hand less committed."""

    sku: str
    location: str
    on_hand: int
    committed: int
    counted: bool = True
    entries: int = 0
    """Ledger rows so far: another number means that it moved on."""

    @property
    def available(self) -> int:
        """Units that may still be promised; negative where a count found less than was promised."""
        return self.on_hand - self.committed


_COLUMNS = [stock.c[field.name] for field in fields(StockRow)]


def page_of_stock(
    conn: sa.Connection, merchant: str, *, after: str | None = None, limit: int = 200
) -> Page[StockRow]:
    """Return a page of a merchant's counters, by SKU and location."""
    query = sa.select(*_COLUMNS).where(stock.c.merchant == merchant)
    return in_order(conn, query, (stock.c.sku, stock.c.location), _stock_row, after=after, limit=limit)


def stock_of(conn: sa.Connection, merchant: str, skus: Iterable[str]) -> list[StockRow]:
    """Return the counters of these SKUs, by SKU and location."""
    wanted = sorted({(merchant, sku) for sku in skus})
    if not wanted:
        return []
    dialect = conn.dialect.name
    return [_stock_row(row) for row in conn.execute(_of_skus(dialect), keys_in(dialect, wanted))]


@functools.cache
def _of_skus(dialect: str) -> sa.Select[Any]:
    of = one_of(dialect, (stock.c.merchant, stock.c.sku))
    return sa.select(*_COLUMNS).where(of).order_by(stock.c.sku, stock.c.location)


def available_units(conn: sa.Connection, merchant: str, skus: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return what may still be promised of SKUs by (SKU, location); where nothing ever lay is left out."""
    return {(row.sku, row.location): row.available for row in stock_of(conn, merchant, skus)}


def listable_units(conn: sa.Connection, merchant: str, skus: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return what channels may show by (SKU, location): the same without the SKUs that were never counted (R82)."""
    rows = stock_of(conn, merchant, skus)
    counted = {row.sku for row in rows if row.counted}
    return {(row.sku, row.location): row.available for row in rows if row.sku in counted}


def _stock_row(row: sa.Row[Any]) -> StockRow:
    return StockRow(**row._mapping)  # noqa: SLF001 - its public name


def count_stock(
    conn: sa.Connection,
    merchant: str,
    counted: Sequence[tuple[str, str, int]],
    *,
    actor: str,
    now: datetime,
    note: str = "",
    seen: Seen = None,
) -> None:
    """Set what is on hand to what was counted: (SKU, location, units); backorders are served."""
    changed = count(conn, merchant, counted, actor=actor, now=now, note=note, seen=seen)
    mark_changed(conn, changed, now, bulk=len(changed) > MANY)
    wake_backorders(conn, merchant, now)


def receive_stock(
    conn: sa.Connection,
    merchant: str,
    units: Sequence[tuple[str, str, int]],
    *,
    actor: str,
    now: datetime,
    note: str = "",
    seen: Seen = None,
) -> None:
    """Add goods that came in: (SKU, location, units); backorders are served."""
    changed = receive(conn, merchant, units, actor=actor, now=now, note=note, seen=seen)
    mark_changed(conn, changed, now, bulk=len(changed) > MANY)
    wake_backorders(conn, merchant, now)


def wake_backorders(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Have the orders that wait for units served, by order time."""
    enqueue(conn, merchant, [NewJob(kind="backorders", subject="all", connection="-", due_at=now)])
