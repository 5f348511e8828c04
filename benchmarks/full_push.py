"""Every level of a shop is brought true, as fast as Shopify's points allow: 40,000 SKUs at one location.

No level is known and every one is wrong, so each is read and each is set. The shop is on the plan of a large merchant;
where fewer SKUs are pushed its bucket is smaller in the same measure.
"""

import asyncio
import math
import time
from datetime import datetime
from functools import partial
from statistics import median

import sqlalchemy as sa

from benchmarks.canned import stub
from benchmarks.canned.order import PLACE
from benchmarks.canned.shopify import MUTATION, OBJECT
from benchmarks.children import Child, child
from benchmarks.databases import database_of
from benchmarks.merchant import MERCHANT, UNITS
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middles
from benchmarks.running import PATIENCE_S, SDKS, Prepared, prepared, rest
from benchmarks.sdks import sdk_hub
from benchmarks.worker import Spent, keyring, work
from connectors.shopify.levels import MOST_PER_CALL
from core.clock import SystemClock
from core.store.jobs import NewJob, enqueue
from core.store.store import Store
from core.store.tables import listings

SKUS = 40_000
POINTS, RATE_PER_S = 20_000.0, 1_000.0
"""Of Shopify Plus (shopify.dev, API limits, read 2026-11)."""
LEAST_POINTS = 600.0
"""More than the push asks for in one round: less would never let it through."""
MOST = 1.05
MOST_ROUNDS = 3
_LOOK_EVERY_S = 0.02


async def full_push(scale: Scale) -> Figure:
    """Return how long a push of 40,000 SKUs takes, of the time in which the shop's points for it come in; lower is better."""
    load, skus = load_now(), scale.of(SKUS, least=600)
    points = max(LEAST_POINTS, POINTS * skus / SKUS)
    async with prepared("sqlite", skus, vendors=SDKS) as before:
        pushed = partial(_pushed, before, stub.Plan(points=points, rate_per_s=RATE_PER_S, shows=UNITS - 1))
        found = await in_turns(min(scale.rounds, MOST_ROUNDS), {"push": pushed}, warm=False)
    cost = 2 * OBJECT * skus + MUTATION * math.ceil(skus / MOST_PER_CALL)
    allowed_s = (cost - points) / RATE_PER_S
    each = [rates["s"] / allowed_s for rates in found["push"]]
    details = middles(found["push"]) | {"skus": skus, "allowed_s": allowed_s, "points_needed": cost}
    return Figure(
        name="full_push",
        value=details["s"],
        unit="s",
        ratio=median(each),
        floor=MOST,
        better="lower",
        spread=(min(each), max(each)),
        details=details,
        load=load,
    )


async def _pushed(before: Prepared, plan: stub.Plan) -> Rates:
    async with (
        database_of(before.kind, like=before.url) as url,
        child(stub.serve, before.catalogue, plan) as shop,
        child(work, url, before.keys, await shop.answer(), sdk_hub) as worker,
    ):
        await worker.answer()
        looking = await Store.open(url, keys=keyring(before.keys))
        await rest(looking)
        await worker.ask("spent")
        spent_before = await shop.ask("spent")
        began = time.monotonic()
        await looking.write(_forget_levels, SystemClock().now())
        await _true(shop)
        taken = time.monotonic() - began
        spent: Spent = await worker.ask("spent")
        points = await shop.ask("spent") - spent_before
        await looking.close()
    return {
        "s": taken,
        "points": points,
        "cpu_s": spent.cpu_s,
        "statements": spent.statements.total(),
        "write_transactions": spent.transactions,
    }


def _forget_levels(conn: sa.Connection, now: datetime) -> None:
    """Have every level at the shop's first location read and set, as after a connection was opened."""
    unknown = {"last_read": None, "wanted_last": None, "read_at": None, "dirty_seq": listings.c.dirty_seq + 1}
    of_place = (
        listings.c.merchant == MERCHANT,
        listings.c.connection == "shop",
        listings.c.location == PLACE,
    )
    conn.execute(sa.update(listings).where(*of_place).values(**unknown))
    enqueue(conn, MERCHANT, [NewJob.of_connection("push", "shop", now)])


async def _true(shop: Child) -> None:
    """Wait until every listing shows what is there.

    Raises:
        RuntimeError: it takes too long.
    """
    end = time.monotonic() + 4 * PATIENCE_S
    while wrong := await shop.ask("wrong"):
        if time.monotonic() > end:
            raise RuntimeError(f"{wrong} levels were never set")
        await asyncio.sleep(_LOOK_EVERY_S)
