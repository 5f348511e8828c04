"""The console's pages where a hundred thousand orders are stored: how long each takes, asked one after another."""

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial
from multiprocessing.connection import Connection as Pipe
from statistics import median, quantiles

import aiohttp

from benchmarks.children import answer_until_told, child
from benchmarks.merchant import MERCHANT, Catalogue, hub_of, ports_in, world_of
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middles
from benchmarks.running import SKUS, prepared, running
from benchmarks.site import site_of
from benchmarks.stored import store_delivered
from benchmarks.worker import keyring
from core.clock import SystemClock
from core.model.roles import Role
from core.services.api_keys import new_key
from core.store.orders import list_orders
from core.store.store import Store

ORDERS = 100_000
MOST_MS = 300.0
_LONGEST = 19
"""Of twenty equal parts of all waits, the last begins behind the nineteenth: the 95th centile."""
PAGES: Mapping[str, str] = {
    "orders": "/orders",
    "deep": "/orders?after={deep}",
    "stage": "/orders?stage=delivered",
    "empty_stage": "/orders?stage=on_hold",
    "search": "/orders?text=S-1-7",
    "order": "/orders/{order}",
    "exceptions": "/exceptions",
    "deliveries": "/deliveries",
    "stock": "/stock",
    "links": "/links",
    "connections": "/connections",
}
"""By what is shown: the address."""


async def console_pages(scale: Scale) -> Figure:
    """Return the 95th centile of the pages' times with 100,000 orders stored on SQLite, in milliseconds."""
    load, count = load_now(), scale.of(ORDERS, least=8)
    async with prepared("sqlite", SKUS) as before:
        async with running(before, before.url) as hub:
            await store_delivered(hub, count)
        async with child(serve, before.url, before.keys, count // 2) as site:
            port, key, named = await site.answer()
            found = await in_turns(scale.rounds, {"pages": partial(_pages, port, key, named, scale.seconds)})
    each = [rates["p95_ms"] for rates in found["pages"]]
    return Figure(
        name="console_pages",
        value=median(each),
        unit="ms",
        floor=MOST_MS,
        better="lower",
        judged="value",
        spread=(min(each), max(each)),
        details=middles(found["pages"]) | {"orders": count},
        load=load,
    )


def serve(pipe: Pipe, url: str, keys: str, deep: int) -> None:
    """In a child: serve the site; send its port, a key that opens it, and what its addresses name."""
    logging.disable(logging.WARNING)
    asyncio.run(_serve(pipe, url, keys, deep))


async def _serve(pipe: Pipe, url: str, keys: str, deep: int) -> None:
    store = await Store.open(url, keys=keyring(keys))
    clock = SystemClock()
    hub = hub_of(store, ports_in(world_of(Catalogue(SKUS), clock)), clock, "benchmarks")
    key, _ = await new_key(hub, MERCHANT, "benchmarks", Role.OWNER)
    half = await store.read(list_orders, MERCHANT, limit=deep)
    named = {"deep": half.after or "", "order": half.items[0].order_id}  # whole, as no copy is
    async with site_of(hub) as port:
        pipe.send((port, key, named))
        await answer_until_told(pipe, {})
    await store.close()


async def _pages(port: int, key: str, named: Mapping[str, str], seconds: float) -> Rates:
    """Ask for every page in turn, for so long and each once at least."""
    waits: dict[str, list[float]] = {name: [] for name in PAGES}
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/html"}
    end = time.perf_counter() + seconds
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as http:
        while time.perf_counter() < end or not all(waits.values()):
            for name, path in PAGES.items():
                began = time.perf_counter()
                async with http.get(path.format_map(named)) as answer:
                    await answer.read()
                    answer.raise_for_status()
                waits[name].append(1000 * (time.perf_counter() - began))
    every = [wait for found in waits.values() for wait in found]
    slowest = {f"{name}_ms": max(found) for name, found in waits.items()}
    return {"p95_ms": quantiles(every, n=20)[_LONGEST - 1], "p50_ms": median(every), **slowest}
