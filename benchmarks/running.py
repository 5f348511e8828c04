"""A hub at work in processes of its own, on a database that was prepared, with vendors that sell and answer."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection as Pipe

import sqlalchemy as sa

from assembly import up_to_date
from benchmarks import vendors as bogus
from benchmarks.canned import stub
from benchmarks.children import Child, child
from benchmarks.databases import Kind, database_of, server_cpu_s
from benchmarks.merchant import MERCHANT, Catalogue, open_merchant
from benchmarks.rounds import Rates
from benchmarks.sdks import sdk_calls, sdk_hub
from benchmarks.selling import Sales
from benchmarks.vendors import Recording
from benchmarks.worker import Calling, Opening, Spent, bogus_calls, keyring, remote_bogus, work
from core.clock import SystemClock
from core.store.schema import upgrade
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.tables import jobs, orders
from server import open_queue

SKUS = 100
PATIENCE_S = 300.0
"""How long a measurement is waited for beyond its own time."""
_LOOK_EVERY_S = 0.05
_QUIET_LOOKS = 2


@dataclass(frozen=True, slots=True)
class VendorKind:
    """Which vendors a flow has."""

    serve: Callable[[Pipe, Catalogue], None]
    """In a child: answers, and sells."""
    opening: Opening
    calling: Calling
    record: Callable[["Running"], Awaitable[Recording]]
    """Gives what a hub asked of them while orders were sold."""
    again: Callable[[Pipe, Catalogue, Recording], None]
    """In a child: answers to the same calls once more."""


async def _recorded_by_vendors(hub: "Running") -> Recording:
    found: Recording = await hub.selling.ask("recorded")
    return found


async def _recorded_by_worker(hub: "Running") -> Recording:
    found: Recording = await hub.workers[0].ask("recorded")
    return found


BOGUS = VendorKind(bogus.serve, remote_bogus, bogus_calls, _recorded_by_vendors, bogus.serve_again)
SDKS = VendorKind(stub.serve, sdk_hub, sdk_calls, _recorded_by_worker, stub.serve_again)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database of the merchant, and the keys that open it."""

    kind: Kind
    url: str
    keys: str
    catalogue: Catalogue
    vendors: VendorKind


@contextlib.asynccontextmanager
async def prepared(
    kind: Kind, skus: int, *, to_serve: bool = False, vendors: VendorKind | None = None
) -> AsyncIterator[Prepared]:
    """Give a database of a merchant with so many SKUs and no order; ``to_serve``: by migrations, as ``serve`` wants it."""
    keys, catalogue, asked = Keyring.generate().text(), Catalogue(skus), vendors or BOGUS
    async with database_of(kind) as url:
        if to_serve:
            await upgrade(url)
        store = await Store.open(url, keys=keyring(keys))
        if not to_serve:
            await store.create_tables()
        async with asked.opening(store, 0) as opened:
            async with up_to_date(url):
                await open_queue(opened.hub, url)
            await open_merchant(opened.hub, catalogue)
        await store.close()
        yield Prepared(kind, url, keys, catalogue, asked)


@dataclass(slots=True)
class Running:
    """A hub at work on a database: its worker processes, the vendors' process, and a look at the rows."""

    url: str
    selling: Child
    workers: Sequence[Child]
    looking: Store
    statements: dict[str, float] = field(default_factory=dict)
    """Of the last measurement: how often each text was sent for an order."""

    async def whole(self, seconds: float) -> Rates:
        """Return what whole orders cost, 32 of them under way."""
        for worker in self.workers:
            await worker.ask("begin")
            await worker.ask("spent")
        server_s, began = await server_cpu_s(self.url), SystemClock().now()
        sales = await sold(self.selling, seconds)
        await rest(self.looking)
        spent: list[Spent] = [await worker.ask("spent") for worker in self.workers]
        server_s = await server_cpu_s(self.url) - server_s
        await _require_delivered(self.looking, began, sales.placed)
        statements, count = sum((one.statements for one in spent), Counter[str]()), sales.placed
        self.statements = {text: times / count for text, times in statements.most_common()}
        return {
            "per_s": count / (sales.last_s - sales.began_s),
            "cpu_ms": sum(one.cpu_s for one in spent) * 1000 / count,
            "server_cpu_ms": server_s * 1000 / count,
            "statements": statements.total() / count,
            "write_transactions": sum(one.transactions for one in spent) / count,
            "orders": count,
        }


@contextlib.asynccontextmanager
async def running(before: Prepared, url: str, workers: int = 1) -> AsyncIterator[Running]:
    """Run so many workers on a database that was prepared, or a copy of it at ``url``; gives them at rest."""
    async with contextlib.AsyncExitStack() as opened:
        selling = await opened.enter_async_context(child(before.vendors.serve, before.catalogue))
        port = await selling.answer()
        started = [
            await opened.enter_async_context(child(work, url, before.keys, port, before.vendors.opening))
            for _ in range(workers)
        ]
        for one in started:
            await one.answer()
        looking = await Store.open(url, keys=keyring(before.keys))
        opened.push_async_callback(looking.close)
        await rest(looking)
        yield Running(url, selling, started, looking)


async def sold(selling: Child, seconds: float, most: int | None = None) -> Sales:
    """Sell for so long, or so many orders, and wait until everything is delivered.

    Raises:
        RuntimeError: it takes too long.
    """
    await selling.ask("sell", seconds, most)
    end = time.monotonic() + seconds + PATIENCE_S
    while True:
        sales: Sales = await selling.ask("sold")
        if sales.over:
            return sales
        if time.monotonic() > end:
            raise RuntimeError(f"the orders did not come to their end: {sales}")
        await asyncio.sleep(_LOOK_EVERY_S)


async def rest(looking: Store) -> None:
    """Wait until nothing is due, at two looks in a row.

    Raises:
        RuntimeError: something always is.
    """
    end, quiet = time.monotonic() + PATIENCE_S, 0
    while quiet < _QUIET_LOOKS:
        if time.monotonic() > end:
            raise RuntimeError("something is always due")
        quiet = 0 if await looking.read(_busy, SystemClock().now()) else quiet + 1
        await asyncio.sleep(_LOOK_EVERY_S)


def _busy(conn: sa.Connection, now: datetime) -> bool:
    due = (
        sa.select(orders.c.order_id).where(orders.c.merchant == MERCHANT, orders.c.due_at <= now),
        sa.select(jobs.c.kind).where(
            jobs.c.merchant == MERCHANT, sa.or_(jobs.c.due_at <= now, jobs.c.claimed_by.is_not(None))
        ),
    )
    return any(conn.execute(query.limit(1)).first() is not None for query in due)


async def _require_delivered(looking: Store, since: datetime, placed: int) -> None:
    """Refuse a measurement in which an order was left behind.

    Raises:
        RuntimeError: one was.
    """
    stages = dict(await looking.read(_stages_since, since))
    if stages != {"delivered": placed}:
        raise RuntimeError(f"of {placed} orders these were not delivered: {stages}")


def _stages_since(conn: sa.Connection, since: datetime) -> list[tuple[str, int]]:
    query = sa.select(orders.c.stage, sa.func.count()).where(
        orders.c.merchant == MERCHANT, orders.c.placed_at >= since
    )
    return [(stage, count) for stage, count in conn.execute(query.group_by(orders.c.stage))]
