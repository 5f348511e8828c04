"""Orders that want the same few SKUs: their units are set aside in grouped commits, or in a transaction each.

Beside it stands what one would write by hand: a transaction for each order, whose guarded UPDATEs take the units.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median

import asyncpg

from benchmarks.databases import database_of
from benchmarks.merchant import ACTOR, MERCHANT, UNITS, Catalogue, world_of
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, middles, ratios
from benchmarks.statements import Statements
from core.clock import SystemClock
from core.domain.commit import Landed, NewOrder, OrderCommit, Reserve
from core.model.address import Address
from core.model.facts import Received
from core.model.order import Order
from core.model.stock import Need
from core.store.sealing import Keyring
from core.store.server_address import plain_address
from core.store.stock import StockRow, count_stock, stock_of
from core.store.store import Store
from simulation.shoppers import Cart, place

HOT = ("HOT-1", "HOT-2", "HOT-3", "HOT-4", "HOT-5")
PLACE = "west"
AT_ONCE = 32
_TAKE = "UPDATE stock SET committed = committed + $1 WHERE merchant = $2 AND sku = $3 AND location = $4 AND on_hand - committed >= $1"


async def reservation(scale: Scale) -> Figure:
    """Return how many orders a second get their units on PostgreSQL in groups, of those in a transaction each."""
    load = load_now()
    measures = {
        "grouped": partial(_measured, scale.seconds, batched=True),
        "single": partial(_measured, scale.seconds, batched=False),
        "by_hand": partial(_by_hand, scale.seconds),
    }
    found = await in_turns(scale.rounds, measures)
    each = ratios(found["grouped"], found["single"])
    details = middles(found["grouped"]) | middles(found["single"], "single_")
    details |= {"by_hand_per_s": middle(found["by_hand"])}
    details["by_hand_ratio"] = median(ratios(found["grouped"], found["by_hand"]))
    return Figure(
        name="reservation",
        value=middle(found["grouped"]),
        unit="orders/s",
        ratio=median(each),
        floor=10,
        spread=(min(each), max(each)),
        details=details,
        load=load,
    )


async def _measured(seconds: float, *, batched: bool) -> Rates:
    sample, numbers = _sample(), itertools.count(1)
    async with database_of("postgres") as url:
        store = await Store.open(url, keys=Keyring.generate(), batched=batched)
        await _fill(store)
        statements = Statements()
        before, cpu_s, began = store.db.transactions, time.process_time(), time.perf_counter()
        await asyncio.gather(*(_reserve(store, sample, numbers, began + seconds) for _ in range(AT_ONCE)))
        taken, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
        count, sent = next(numbers) - 1, statements.take().total()
        statements.close()
        transactions = store.db.transactions - before
        _require_sound(await store.read(stock_of, MERCHANT, HOT), count)
        await store.close()
    return {
        "per_s": count / taken,
        "cpu_ms": cpu_s * 1000 / count,
        "statements": sent / count,
        "write_transactions": transactions / count,
    }


async def _fill(store: Store) -> None:
    await store.create_tables()
    counted = [(sku, PLACE, UNITS) for sku in HOT]
    await store.write(count_stock, MERCHANT, counted, actor=ACTOR, now=SystemClock().now())


def _sample() -> Order:
    """Return an order of two lines, l1 and l2."""
    world = world_of(Catalogue(2), SystemClock())
    home = Address(name="Ann", street1="1 Way", city="City", state="OR", zip="97205", country="US")
    lines = tuple((sku, 1, 2500) for sku in Catalogue(2).skus)
    order_id = place(world, "shop", Cart(number="S-1", lines=lines, ship_to=home, email="ann@example.test"))
    return world.shop("shop").orders[order_id].order


async def _reserve(store: Store, sample: Order, numbers: Iterator[int], end: float) -> None:
    """Make orders known, one after another, each with a unit of two of the hot SKUs.

    Raises:
        RuntimeError: an order did not get its units.
    """
    while time.perf_counter() < end:
        number, now = next(numbers), SystemClock().now()
        needs = tuple(
            Need(line_id=f"l{line}", sku=sku, units=1) for line, sku in enumerate(_two_of(number), start=1)
        )
        commit = OrderCommit(
            merchant=MERCHANT,
            order_id=f"shop:{number}",
            at=now,
            create=NewOrder(connection="shop", external_id=str(number), number=str(number), placed_at=now),
            happened=(Received(at=now, actor="channel", order=sample, needs=needs),),
            expect=0,
            reserve=Reserve(needs=needs, locations=(PLACE,)),
            due_at=None,
        )
        answer = await store.commit(commit)
        if not isinstance(answer, Landed) or len(answer.allocations) != len(needs):
            raise RuntimeError(f"order {number} got {answer}")


def _two_of(number: int) -> tuple[str, str]:
    first, further = number % len(HOT), 1 + number // len(HOT) % (len(HOT) - 1)
    return HOT[first], HOT[(first + further) % len(HOT)]


def _require_sound(rows: Sequence[StockRow], count: int) -> None:
    """Refuse a measurement in which a unit was lost or taken twice.

    Raises:
        RuntimeError: one was.
    """
    committed = sum(row.committed for row in rows)
    if committed != 2 * count:
        raise RuntimeError(f"{count} orders of two units each took {committed}")


async def _by_hand(seconds: float) -> Rates:
    numbers = itertools.count(1)
    async with database_of("postgres") as url:
        store = await Store.open(url, keys=Keyring.generate())
        await _fill(store)
        pool = await asyncpg.create_pool(plain_address(url), min_size=8, max_size=8)
        began = time.perf_counter()
        await asyncio.gather(*(_take(pool, numbers, began + seconds) for _ in range(AT_ONCE)))
        taken = time.perf_counter() - began
        count = next(numbers) - 1
        await pool.close()
        _require_sound(await store.read(stock_of, MERCHANT, HOT), count)
        await store.close()
    return {"per_s": count / taken}


async def _take(pool: "asyncpg.Pool[asyncpg.Record]", numbers: Iterator[int], end: float) -> None:
    while time.perf_counter() < end:
        skus = sorted(_two_of(next(numbers)))  # in one order everywhere, or two orders wait for one another
        async with pool.acquire() as connection, connection.transaction():
            for sku in skus:
                await connection.execute(_TAKE, 1, MERCHANT, sku, PLACE)
