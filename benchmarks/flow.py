"""Whole orders, from the notification to the door, against nothing but their vendor calls."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from statistics import median

import sqlalchemy as sa

from assembly import up_to_date
from benchmarks import vendors
from benchmarks.children import Child, child
from benchmarks.databases import Kind, database_of, server_cpu_s
from benchmarks.merchant import MERCHANT, Catalogue, hub_of, open_merchant, ports_in, world_of
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, middles, ratios
from benchmarks.vendors import Recording, Sales
from benchmarks.worker import Spent, call, keyring, work
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
class Prepared:
    """A database of the merchant, and the keys that open it."""

    kind: Kind
    url: str
    keys: str
    catalogue: Catalogue


@contextlib.asynccontextmanager
async def prepared(kind: Kind, skus: int, *, to_serve: bool = False) -> AsyncIterator[Prepared]:
    """Give a database of a merchant with so many SKUs and no order; ``to_serve``: by migrations, as ``serve`` wants it."""
    keys, catalogue, clock = Keyring.generate().text(), Catalogue(skus), SystemClock()
    async with database_of(kind) as url:
        if to_serve:
            await upgrade(url)
        store = await Store.open(url, keys=keyring(keys))
        if not to_serve:
            await store.create_tables()
        hub = hub_of(store, ports_in(world_of(catalogue, clock)), clock, "benchmarks")
        async with up_to_date(url):
            await open_queue(hub, url)
        await open_merchant(hub, catalogue)
        await store.close()
        yield Prepared(kind, url, keys, catalogue)


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
        selling = await opened.enter_async_context(child(vendors.serve, before.catalogue, None))
        port = await selling.answer()
        started = [
            await opened.enter_async_context(child(work, url, before.keys, port)) for _ in range(workers)
        ]
        for one in started:
            await one.answer()
        looking = await Store.open(url, keys=keyring(before.keys))
        opened.push_async_callback(looking.close)
        await rest(looking)
        yield Running(url, selling, started, looking)


@dataclass(slots=True)
class Flow:
    """Measures whole orders on copies of a prepared database, and the calls of the last ones without a hub."""

    before: Prepared
    seconds: float
    recording: Recording = field(default_factory=Recording)
    orders: float = 0
    """Orders that the recording is of."""
    statements: dict[str, float] = field(default_factory=dict)

    async def whole(self, workers: int = 1) -> Rates:
        """Return what whole orders cost, by so many processes that work on a database of their own."""
        before = self.before
        async with database_of(before.kind, like=before.url) as url, running(before, url, workers) as hub:
            rates = await hub.whole(self.seconds)
            if workers == 1:
                await self.record(hub, rates)
        return rates

    async def record(self, hub: Running, rates: Rates) -> None:
        """Keep what the orders just measured asked of vendors."""
        self.recording, self.orders = await hub.selling.ask("recorded"), rates["orders"]
        self.statements = hub.statements

    async def calls(self) -> Rates:
        """Return what the vendor calls of the last whole orders cost without a hub, 32 at once."""
        if not self.orders:
            await self.whole()
        async with child(vendors.serve, self.before.catalogue, self.recording) as answering:
            port = await answering.answer()
            async with child(call, port, self.recording, self.seconds) as calling:
                made, taken, cpu_s = await calling.answer()
        per_order = len(self.recording.requests) / self.orders
        count = made / per_order
        return {"per_s": count / taken, "cpu_ms": cpu_s * 1000 / count, "per_order": per_order}


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


async def order_flow_stub_sqlite(scale: Scale) -> Figure:
    """Return how many orders a second go the whole way on SQLite, of those of which only the vendor calls are made."""
    return await _order_flow("sqlite", scale, workers=())


async def order_flow_stub_postgres(scale: Scale) -> Figure:
    """Return the same on PostgreSQL, and what two and four workers do."""
    return await _order_flow("postgres", scale, workers=(2, 4))


async def _order_flow(kind: Kind, scale: Scale, *, workers: Sequence[int]) -> Figure:
    load = load_now()
    async with prepared(kind, scale.of(SKUS, least=10)) as before:
        flow = Flow(before, scale.seconds)
        more = {f"workers_{count}": partial(flow.whole, count) for count in workers}
        found = await in_turns(scale.rounds, {"whole": flow.whole, "calls": flow.calls, **more})
    whole, calls = found["whole"], found["calls"]
    details = middles(whole) | middles(calls, "calls_")
    details["hub_cpu_ms"] = details["cpu_ms"] - details["calls_cpu_ms"]
    for name in more:
        details |= middles(found[name], f"{name}_")
        details[f"{name}_cpu_ratio"] = median(ratios(found[name], whole, "cpu_ms"))
    each = ratios(whole, calls)
    return Figure(
        name=f"order_flow_stub_{kind}",
        value=middle(whole),
        unit="orders/s",
        ratio=median(each),
        floor=0.35,
        spread=(min(each), max(each)),
        details=details,
        statements=flow.statements,
        load=load,
    )
