import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store.rebuild import rebuild
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.tables import facts, ledger, orders, stock
from tests.databases import KINDS, database_with_tables


@contextlib.asynccontextmanager
async def open_store(kind: str, folder: Path, *, batched: bool) -> AsyncIterator[Store]:
    async with database_with_tables(kind, folder) as url:
        store = await Store.open(url, keys=Keyring.generate(), batched=batched)
        try:
            yield store
        finally:
            await store.close()


@pytest.fixture(params=[f"{kind}-{way}" for kind in KINDS for way in ("plain", "batched")])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A store on both databases with both committers; whatever a test did, its books must balance (R31)."""
    kind, _, way = request.param.partition("-")
    async with open_store(kind, tmp_path, batched=way == "batched") as opened:
        yield opened
        await books_balance(opened)


@pytest.fixture(params=KINDS)
async def batched_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(request.param, tmp_path, batched=True) as opened:
        yield opened
        await books_balance(opened)


async def books_balance(store: Store) -> None:
    """Assert what must be true after every test: counters are sums, versions count facts, rows follow facts."""
    counters, sums, versions, counted = await store.read(_books)
    assert counters == sums
    assert versions == counted
    assert await store.write(rebuild) == 0
    committed: dict[tuple[str, str, str], int] = {}
    for merchant, order_id in versions:
        state = await store.load(merchant, order_id)
        for allocation in state.allocations if state else ():
            stock_key = (merchant, allocation.sku, allocation.location)
            committed[stock_key] = committed.get(stock_key, 0) + allocation.units
    assert committed == {stock_key: held for stock_key, (_, held, _) in counters.items() if held}


Books = tuple[
    dict[tuple[str, str, str], tuple[int, int, int]],
    dict[tuple[str, str, str], tuple[int, int, int]],
    dict[tuple[str, str], int],
    dict[tuple[str, str], int],
]


def _books(conn: sa.Connection) -> Books:
    stock_key = (stock.c.merchant, stock.c.sku, stock.c.location)
    counters = conn.execute(sa.select(*stock_key, stock.c.on_hand, stock.c.committed, stock.c.entries))
    of_ledger = (ledger.c.merchant, ledger.c.sku, ledger.c.location)
    summed = (sa.func.sum(ledger.c.d_on_hand), sa.func.sum(ledger.c.d_committed), sa.func.max(ledger.c.seq))
    sums = conn.execute(sa.select(*of_ledger, *summed).group_by(*of_ledger))
    versions = conn.execute(sa.select(orders.c.merchant, orders.c.order_id, orders.c.version))
    of_facts = (facts.c.merchant, facts.c.order_id)
    counted = conn.execute(sa.select(*of_facts, sa.func.count()).group_by(*of_facts))
    return (
        {(m, s, p): (h, c, n) for m, s, p, h, c, n in counters},
        {(m, s, p): (int(h), int(c), n) for m, s, p, h, c, n in sums},
        {(m, o): v for m, o, v in versions if v},
        {(m, o): n for m, o, n in counted},
    )


Execute = Callable[[str], Awaitable[None]]


@pytest.fixture
def execute(store: Store) -> Execute:
    """Run one raw statement, past everything the store's own functions would check."""

    async def run(statement: str) -> None:
        await store.write(_execute, statement)

    return run


def _execute(conn: sa.Connection, statement: str) -> None:
    conn.exec_driver_sql(statement)
