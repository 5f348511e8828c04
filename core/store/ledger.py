"""Stock under lock: read the counters, move units, write counters and ledger together.

The counters of a (SKU, location) are the sum of its ledger rows; both are written here and nowhere else.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from core.errors import RefusedError
from core.store.columns import keys_in, one_of
from core.store.products import note_stocked
from core.store.tables import ledger, stock
from core.store.writes import Row, insert_new, update_by_key

StockKey = tuple[str, str, str]
"""(merchant, SKU, location)."""
Seen = Mapping[tuple[str, str], int] | None
"""(SKU, location) -> ledger rows of the counter that a person saw; None: whatever stands there."""
MoveKind = Literal["committed", "released", "shipped", "counted", "received", "adjusted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Units that come to or go from one counter, and why."""

    stock_key: StockKey
    at: datetime
    kind: MoveKind
    on_hand: int = 0
    committed: int = 0
    order_id: str | None = None
    actor: str = "hub"
    note: str = ""


@dataclass(slots=True)
class Counter:
    """What lies at one (SKU, location), how many ledger rows say so, and whether it was ever counted."""

    on_hand: int = 0
    committed: int = 0
    entries: int = 0
    counted: bool = False

    @property
    def available(self) -> int:
        """Units that may still be promised."""
        return self.on_hand - self.committed


@dataclass(slots=True)
class LockedStock:
    """Counters locked by this transaction, with the moves made since; ``write`` stores both."""

    counters: dict[StockKey, Counter]
    rows: list[Row] = field(default_factory=list)
    touched: set[StockKey] = field(default_factory=set)
    changed: set[tuple[str, str]] = field(default_factory=set)
    """(merchant, SKU) of which more or fewer units may be promised than before."""

    def available(self, stock_key: StockKey) -> int:
        """Return what may still be promised there; none where the SKU was never counted."""
        counter = self.counters.get(stock_key)
        return counter.available if counter else 0

    def move(self, move: Move) -> None:
        """Make a move; the next ``available`` already shows it."""
        counter = self.counters.setdefault(move.stock_key, Counter())
        counter.on_hand += move.on_hand
        counter.committed += move.committed
        counter.entries += 1
        merchant, sku, location = move.stock_key
        self.rows.append(
            {
                "merchant": merchant,
                "sku": sku,
                "location": location,
                "seq": counter.entries,
                "at": move.at,
                "kind": move.kind,
                "d_on_hand": move.on_hand,
                "d_committed": move.committed,
                "order_id": move.order_id,
                "actor": move.actor,
                "note": move.note,
            }
        )
        self.touched.add(move.stock_key)
        if move.on_hand != move.committed:
            self.changed.add((merchant, sku))

    def write(self, conn: sa.Connection) -> None:
        """Write the counters that moved and one ledger row per move."""
        update_by_key(
            conn,
            stock,
            [
                {
                    "merchant": stock_key[0],
                    "sku": stock_key[1],
                    "location": stock_key[2],
                    "on_hand": self.counters[stock_key].on_hand,
                    "committed": self.counters[stock_key].committed,
                    "entries": self.counters[stock_key].entries,
                    "counted": self.counters[stock_key].counted,
                }
                for stock_key in self.touched
            ],
        )
        if self.rows:
            conn.execute(sa.insert(ledger), self.rows)


def lock_stock(
    conn: sa.Connection, stock_keys: Iterable[StockKey], *, create: Iterable[StockKey] = ()
) -> LockedStock:
    """Lock counters in the order of their keys; those of ``create`` are made first where they are missing."""
    made = sorted(set(create))
    insert_new(conn, stock, [{"merchant": m, "sku": s, "location": p} for m, s, p in made])
    wanted = sorted({*stock_keys, *made})
    if not wanted:
        return LockedStock({})
    dialect = conn.dialect.name
    found = conn.execute(_locked(dialect), keys_in(dialect, wanted))
    return LockedStock({(m, s, p): Counter(h, c, n, known) for m, s, p, h, c, n, known in found})


@functools.cache
def _locked(dialect: str) -> sa.Select[Any]:
    columns = (stock.c.merchant, stock.c.sku, stock.c.location)
    counters = sa.select(*columns, stock.c.on_hand, stock.c.committed, stock.c.entries, stock.c.counted)
    return counters.where(one_of(dialect, columns)).order_by(*columns).with_for_update()


def count(
    conn: sa.Connection,
    merchant: str,
    counted: Sequence[tuple[str, str, int]],
    *,
    actor: str,
    now: datetime,
    note: str = "",
    seen: Seen = None,
) -> set[tuple[str, str]]:
    """Set what is on hand to what was counted, as (SKU, location, units); return whose availability changed.

    A counter that nobody counted before changed even where the number stays: from now on it is known.

    Raises:
        RefusedError: a counter moved on since it was seen.
    """
    stock_keys = [(merchant, sku, location) for sku, location, _ in counted]
    locked = lock_stock(conn, (), create=stock_keys)
    _refuse_moved(locked, seen)
    note_stocked(conn, {stock_key[:2] for stock_key in stock_keys})
    for stock_key, (_, _, units) in zip(stock_keys, counted, strict=True):
        counter = locked.counters[stock_key]
        locked.changed |= set() if counter.counted else {stock_key[:2]}
        counter.counted = True
        difference = units - counter.on_hand
        locked.move(
            Move(stock_key=stock_key, at=now, kind="counted", on_hand=difference, actor=actor, note=note)
        )
    locked.write(conn)
    return locked.changed


def receive(
    conn: sa.Connection,
    merchant: str,
    units: Sequence[tuple[str, str, int]],
    *,
    actor: str,
    now: datetime,
    note: str = "",
    seen: Seen = None,
) -> set[tuple[str, str]]:
    """Add units that came in, as (SKU, location, units); return whose availability changed.

    Raises:
        RefusedError: a counter moved on since it was seen.
    """
    stock_keys = [(merchant, sku, location) for sku, location, _ in units]
    locked = lock_stock(conn, (), create=stock_keys)
    _refuse_moved(locked, seen)
    note_stocked(conn, {stock_key[:2] for stock_key in stock_keys})
    for stock_key, (_, _, number) in zip(stock_keys, units, strict=True):
        locked.move(
            Move(stock_key=stock_key, at=now, kind="received", on_hand=number, actor=actor, note=note)
        )
    locked.write(conn)
    return locked.changed


def _refuse_moved(locked: LockedStock, seen: Seen) -> None:
    for (_, sku, location), counter in locked.counters.items():
        if seen is not None and counter.entries != seen.get((sku, location), 0):
            raise RefusedError(
                f"nothing was changed: {sku} at {location} moved on since you looked; look at it again"
            )
