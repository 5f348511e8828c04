"""Stock as people see and change it: counters, counts, goods that come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.jobs import NewJob, enqueue
from core.store.ledger import Seen, count, receive
from core.store.listings import mark_dirty
from core.store.tables import stock


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


def list_stock(conn: sa.Connection, merchant: str) -> list[StockRow]:
    """Return every counter of a merchant by SKU and location."""
    query = sa.select(stock).where(stock.c.merchant == merchant).order_by(stock.c.sku, stock.c.location)
    return [
        StockRow(
            sku=row.sku,
            location=row.location,
            on_hand=row.on_hand,
            committed=row.committed,
            counted=row.counted,
            entries=row.entries,
        )
        for row in conn.execute(query)
    ]


def available_units(conn: sa.Connection, merchant: str) -> dict[tuple[str, str], int]:
    """Return what may still be promised by (SKU, location); where nothing ever lay is left out."""
    return {(row.sku, row.location): row.available for row in list_stock(conn, merchant)}


def listable_units(conn: sa.Connection, merchant: str) -> dict[tuple[str, str], int]:
    """Return what channels may show by (SKU, location): the same without the SKUs that were never counted (R82)."""
    rows = list_stock(conn, merchant)
    counted = {row.sku for row in rows if row.counted}
    return {(row.sku, row.location): row.available for row in rows if row.sku in counted}


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
    mark_dirty(conn, changed, now)
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
    mark_dirty(conn, receive(conn, merchant, units, actor=actor, now=now, note=note, seen=seen), now)
    wake_backorders(conn, merchant, now)


def wake_backorders(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Have the orders that wait for units served, by order time."""
    enqueue(conn, merchant, [NewJob(kind="backorders", subject="all", connection="-", due_at=now)])
