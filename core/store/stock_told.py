"""What rules were last told of each SKU: changes count up in the transaction that makes them, and are looked at later."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.model.merchant_runs import MerchantRun
from core.model.triggers import Subject
from core.store.columns import among
from core.store.jobs import NewJob, enqueue_all
from core.store.listening import STOCK, listening
from core.store.listings import dirty_pushes
from core.store.rule_runs import begin_runs, go_on_runs
from core.store.tables import stock, stock_told
from core.store.tables.rules import UNTOLD

_ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLook:
    """A SKU that changed since it was last looked at: its units then and now, over all locations."""

    sku: str
    before: int | None
    """None: nobody ever looked."""
    available: int
    on_hand: int
    clean_seq: int
    dirty_seq: int


def mark_changed(
    conn: sa.Connection, skus: Iterable[tuple[str, str]], now: datetime, *, bulk: bool = False
) -> None:
    """Have the listings of (merchant, SKU) brought true, and rules about stock told of what has come to pass."""
    changed = set(skus)
    pushes = dirty_pushes(conn, changed, now, bulk=bulk)
    enqueue_all(conn, [*pushes, *stock_looks_of(conn, changed, now)])


def stock_looks_of(
    conn: sa.Connection, skus: Iterable[tuple[str, str]], now: datetime
) -> list[tuple[str, NewJob]]:
    """Count a change of each (merchant, SKU) whose merchant has rules about stock; return the jobs that look at it."""
    changed = sorted(set(skus))
    listen = listening(conn, {merchant for merchant, _ in changed}, Subject.STOCK)
    rows = [{"merchant": merchant, "sku": sku} for merchant, sku in changed if merchant in listen]
    if rows:
        conn.execute(_counted(conn.dialect.name), rows)
    look = NewJob(kind=STOCK, subject=_ALL, connection="-", due_at=now)
    return [(merchant, look) for merchant in sorted(listen)]


@functools.cache
def _counted(dialect: str) -> sa.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return (
        insert(stock_told)
        .values(merchant=sa.bindparam("merchant"), sku=sa.bindparam("sku"), dirty_seq=1)
        .on_conflict_do_update(
            index_elements=["merchant", "sku"], set_={"dirty_seq": stock_told.c.dirty_seq + 1}
        )
    )


def untold_stock(conn: sa.Connection, merchant: str, *, limit: int) -> list[StockLook]:
    """Return SKUs that changed since they were last looked at, as they stand now."""
    query = sa.select(stock_told).where(stock_told.c.merchant == merchant, sa.text(UNTOLD))
    # The counts are read before the units: what changes in between is looked at once more.
    told = conn.execute(query.order_by(stock_told.c.sku).limit(limit)).all()
    units = units_of_skus(conn, merchant, [row.sku for row in told])
    return [
        StockLook(
            sku=row.sku,
            before=row.available,
            available=units.get(row.sku, (0, 0))[0],
            on_hand=units.get(row.sku, (0, 0))[1],
            clean_seq=row.clean_seq,
            dirty_seq=row.dirty_seq,
        )
        for row in told
    ]


def units_of_skus(conn: sa.Connection, merchant: str, skus: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return (available, on hand) of SKUs over all locations; where nothing ever lay is left out."""
    if not skus:
        return {}
    available, on_hand = sa.func.sum(stock.c.on_hand - stock.c.committed), sa.func.sum(stock.c.on_hand)
    of = among(conn, (stock.c.merchant, stock.c.sku), [(merchant, sku) for sku in skus])
    found = conn.execute(sa.select(stock.c.sku, available, on_hand).where(of).group_by(stock.c.sku))
    return {sku: (int(units), int(lies)) for sku, units, lies in found}


def tell_stock(
    conn: sa.Connection,
    merchant: str,
    looks: Sequence[StockLook],
    *,
    started: Mapping[str, Sequence[MerchantRun]],
    waited: Mapping[str, Sequence[MerchantRun]],
    now: datetime,
) -> None:
    """Note that SKUs were looked at, and begin what that starts, by SKU; one that another looked at starts nothing.

    ``waited``: runs that go on because what they waited for has come.
    """
    keys = [(merchant, look.sku) for look in looks]
    this = among(conn, (stock_told.c.merchant, stock_told.c.sku), keys)
    columns = (stock_told.c.sku, stock_told.c.clean_seq)
    locked = conn.execute(sa.select(*columns).where(this).order_by(stock_told.c.sku).with_for_update())
    stand = {row.sku: row.clean_seq for row in locked}
    ours = [look for look in looks if stand.get(look.sku) == look.clean_seq]
    if not ours:
        return
    conn.execute(
        _LOOKED_AT,
        [
            {"of_merchant": merchant, "of_sku": look.sku, "units": look.available, "seen": look.dirty_seq}
            for look in ours
        ],
    )
    begin_runs(conn, merchant, [run for look in ours for run in started.get(look.sku, ())], now=now)
    go_on_runs(conn, merchant, [run for look in ours for run in waited.get(look.sku, ())], now=now)


_LOOKED_AT = (
    sa.update(stock_told)
    .where(stock_told.c.merchant == sa.bindparam("of_merchant"), stock_told.c.sku == sa.bindparam("of_sku"))
    .values(available=sa.bindparam("units"), clean_seq=sa.bindparam("seen"))
)
