"""Orders of odd shape, sold by two vendors over HTTP to one hub: what it knows of them, and whether it oversells."""

import json
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from core.domain.parcels import holds_other_units
from core.domain.state import OrderState
from core.engine.worker import LOG
from core.jobs.poll import poll_from
from core.mapping import MAPPINGS
from core.store.jobs import NewJob, enqueue
from core.store.links import link_all
from core.store.stock import count_stock
from core.store.store import Store
from simulation.memory import store_in_memory
from tests.builders import MERCHANT, Bench, open_hub_of, review
from tests.connectors.amazon.account import an_account
from tests.connectors.odd_orders import Json, changed, odd_order
from tests.connectors.shopify.shop import a_shop
from tests.core.flow.play import settle
from tests.stored import list_stock

UNITS = 120
"""On the shelf of each SKU: fewer than the orders want."""
LINKS: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    "shop": {"MUG-RED": {"CHEF-8": 1}},
    "amz": {"KK-ROLL": {"CHEF-8": 1}, "KK-STONE": {"SOCKS-CHEF": 2}},
}
SAMPLES: Mapping[str, tuple[str, Json]] = {
    "shop": ("legacyResourceId", json.loads((MAPPINGS / "shopify" / "sample.json").read_text())),
    "amz": ("orderId", json.loads((MAPPINGS / "amazon" / "sample.json").read_text())),
}


@dataclass
class Figures:
    """What came of a run."""

    orders: Counter[str] = field(default_factory=Counter)
    held_unread: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What must not be: an order that is absent or parked, units that are nobody's, a fault of ours."""


def sold_oddly(connection: str, count: int, seed: int) -> dict[str, Json]:
    """Return orders of odd shape by the id under which the vendor gives them."""
    key, sample = SAMPLES[connection]
    rng, found = random.Random(f"{connection} {seed}"), dict[str, Json]()
    for number in range(count):
        name = str(7_000_001 + number) if connection == "shop" else f"902-{seed:07d}-{number:07d}"
        found[name] = odd_order(rng, changed(sample, (key,), name), most=rng.choice((1, 1, 3)))
    return found


@asynccontextmanager
async def vendors(sold: Mapping[str, Mapping[str, Json]]) -> AsyncIterator[str]:
    """Shopify's Admin API and Amazon's Orders API, which give these orders over HTTP and nothing else."""
    app = web.Application()

    async def graphql(request: web.Request) -> web.Response:
        asked = await request.json()
        wanted = str(asked["variables"].get("id", "")).rpartition("/")[2]
        if "query ChangedOrders" in asked["query"]:
            nodes = [
                {"legacyResourceId": n, "updatedAt": o.get("updatedAt")} for n, o in sold["shop"].items()
            ]
            data: Json = {"orders": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes}}
        else:
            data = {"order": sold["shop"].get(wanted) if "query Order(" in asked["query"] else None}
        return web.json_response({"data": data})

    async def one(request: web.Request) -> web.Response:
        return web.json_response({"order": sold["amz"][request.match_info["id"]]})

    async def every(_request: web.Request) -> web.Response:
        told = [{**order, "orderId": name} for name, order in sold["amz"].items()]
        return web.json_response({"orders": told})

    app.router.add_post("/admin/api/2026-10/graphql.json", graphql)
    app.router.add_get("/orders/2026-01-01/orders", every)
    app.router.add_get("/orders/2026-01-01/orders/{id}", one)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Faults(logging.Handler):
    """Keeps what the worker calls a fault of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()}: {record.exc_info[1] if record.exc_info else ''!r}")


@contextmanager
def faults_told() -> Iterator[list[str]]:
    """Give what the worker calls a fault of ours meanwhile."""
    faults = Faults()
    LOG.addHandler(faults)
    try:
        yield faults.said
    finally:
        LOG.removeHandler(faults)


async def run(count: int, seed: int) -> Figures:
    """Sell so many odd orders at each vendor, have a hub take them in over HTTP, and look at its books."""
    sold = {name: sold_oddly(name, count, seed) for name in SAMPLES}
    found, store = Figures(), await store_in_memory()
    with faults_told() as said:
        await _sell(store, sold, count, found)
    await store.close()
    found.wrong += said
    return found


async def _sell(store: Store, sold: Mapping[str, Mapping[str, Json]], count: int, found: Figures) -> None:
    async with vendors(sold) as url:
        b = review(store)
        await open_hub_of(b, accept=False)
        closing = await connect(b, url)
        now = b.clock.now()
        counts = [("CHEF-8", "reno", UNITS), ("SOCKS-CHEF", "reno", UNITS)]
        await store.write(count_stock, MERCHANT, counts, actor="person:kendra", now=now)
        since = poll_from(now - timedelta(days=1))
        for name, links in LINKS.items():
            for listing, units in links.items():
                await store.write(link_all, MERCHANT, {(name, listing): units}, now=now)
            poll = NewJob(kind="poll", subject=name, connection=name, due_at=now, data=since)
            await store.write(enqueue, MERCHANT, [poll])
        try:
            await settle(b, most=60 + count)
            await _judge(b, sold, found)
        finally:
            for close in closing:
                await close()


async def connect(b: Bench, url: str) -> list[Any]:
    """Have the hub read orders through the real connectors; everything else stays with the bogus vendors."""
    known = b.hub.merchants[MERCHANT]
    real = {"shop": a_shop(url).ports, "amz": an_account(endpoints={"api": url, "lwa": url}).ports()}
    ports = {name: replace(known.ports[name], channel=real[name].channel) for name in real}
    b.hub.merchants[MERCHANT] = replace(known, ports={**known.ports, **ports})
    return [one.close for one in real.values() if one.close is not None]


async def _judge(b: Bench, sold: Mapping[str, Mapping[str, Json]], found: Figures) -> None:
    for connection, orders in sold.items():
        for name in orders:
            state = await b.store.load(MERCHANT, f"{connection}:{name}")
            if state is None or state.order is None:
                found.wrong.append(f"{connection}:{name} is absent")
                continue
            found.orders[connection] += 1
            found.held_unread[connection] += state.order.unreadable is not None
            found.wrong += [f"{connection}:{name}: {text}" for text in _of_order(state, name)]
    for row in await b.store.read(list_stock, MERCHANT):
        if row.on_hand < 0 or row.committed > max(row.on_hand, 0):
            found.wrong.append(f"{row.sku}: {row.committed} promised of {row.on_hand}")


def _of_order(state: OrderState, name: str) -> list[str]:
    order = state.order
    assert order is not None
    found = [] if order.order_id == name else [f"is called {order.order_id}"]
    if state.parked is not None:
        found.append(f"parked before {state.parked.step}: {state.parked.message}")
    live = order.state in ("open", "pending") and order.fulfilled_by == "merchant"
    if live and not state.ended and not state.shipped_elsewhere and holds_other_units(state):
        found.append("other units are set aside or backordered than it needs")
    return found
