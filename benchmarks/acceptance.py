"""Webhooks: the hub's own site on loopback, storing each delivery before it answers, or verifying it only.

The site is a process of its own on one core; whoever sends is on another where there are two.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import multiprocessing
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import quantiles

from aiohttp import web

from benchmarks.rounds import Figure, Rates, compare
from connectors.bogus import CONNECTOR
from connectors.shopify.webhooks import ShopifyWebhooks
from core.clock import SystemClock
from core.config.loader import read
from core.engine.hub import Connections, Hub
from core.ports import Connection, Ports
from core.store.inbox import Delivery
from core.store.quota import quota_of
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.vault import StaticTokens
from simulation.scene import CONFIG
from web.app import build
from web.context import Settings

CALLERS = 64
PATH = "/webhooks/seed/shop"
SAMPLE = Path(__file__).resolve().parent.parent / "mappings" / "shopify" / "sample.json"
_NUMBERS = count(1)


class Forgetful(Store):
    """A store that answers for a delivery and keeps nothing: what is left is the site and the signature."""

    async def deliver(
        self, merchant: str, connection: str, deliveries: Sequence[Delivery], *, now: datetime
    ) -> int:
        """Keep nothing."""
        del merchant, connection, now
        return len(deliveries)


async def acceptance(seconds: float) -> Figure:
    """Return how many webhooks a second are stored, of those that are only verified."""
    with tempfile.TemporaryDirectory() as folder, _served(folder) as (secret, durable, forgetful):
        ours, base = (partial(_send_for, seconds, port, secret) for port in (durable, forgetful))
        return await compare("webhooks stored on SQLite / HMAC only", ours, base, floor=0.35)


@contextlib.contextmanager
def _served(folder: str) -> Iterator[tuple[bytes, int, int]]:
    """Serve both sites in a process; gives the secret that signs, and their ports."""
    secret = secrets.token_hex()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, folder, secret))
    process.start()
    there.close()
    cores = os.sched_getaffinity(0)
    try:
        durable, forgetful = here.recv()
        os.sched_setaffinity(0, {max(cores)})
        yield secret.encode(), durable, forgetful
    finally:
        os.sched_setaffinity(0, cores)
        here.send("stop")
        process.join()


def _serve(pipe: Pipe, folder: str, secret: str) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    asyncio.run(_serve_until_told(pipe, f"sqlite:///{folder}/hub.db", secret))


async def _serve_until_told(pipe: Pipe, url: str, secret: str) -> None:
    keys = Keyring.generate()
    async with contextlib.AsyncExitStack() as running:
        stores = [await kind.open(url, keys=keys) for kind in (Store, Forgetful)]
        await stores[0].create_tables()
        served = [await running.enter_async_context(site(store, secret)) for store in stores]
        pipe.send([port for port, _ in served])
        await asyncio.to_thread(pipe.recv)
    for store in stores:
        await store.close()


@contextlib.asynccontextmanager
async def site(store: Store, secret: str) -> AsyncIterator[tuple[int, Hub]]:
    """Serve the hub's own site over a store; gives its port, and the hub."""
    known = {CONNECTOR.key: CONNECTOR.settings}
    config = read(CONFIG, file="crossdock.yaml", environ={}, known=known)
    shop = Connection(
        merchant=config.merchant,
        name="shop",
        settings=CONNECTOR.settings.model_validate(config.connections["shop"].with_),
        app={"client_secret": secret},
        endpoints={},
        tokens=StaticTokens("", connection="shop"),
        quota=quota_of(store.db, merchant=config.merchant, app="shopify", connection="shop", limits={}),
        clock=SystemClock(),
    )
    connections = Connections(
        config=config, ports={"shop": Ports(webhooks=ShopifyWebhooks(shop))}, connectors={}
    )
    hub = Hub(store=store, clock=SystemClock(), owner="benchmark", merchants={config.merchant: connections})

    async def nothing(*_: object) -> None:
        """Nobody connects here."""

    settings = Settings(public_url="http://127.0.0.1", secret=secret.encode(), connected=nothing)
    runner = web.AppRunner(build(hub, settings), access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], hub
    finally:
        await runner.cleanup()


async def _send_for(seconds: float, port: int, secret: bytes) -> Rates:
    """Send over many connections at once, each as soon as it has its answer."""
    body = json.dumps(json.loads(SAMPLE.read_bytes()), separators=(",", ":")).encode()
    waits: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_send(port, secret, body, began + seconds, waits) for _ in range(CALLERS)))
    taken = time.perf_counter() - began
    centiles = quantiles(waits, n=100)
    return {"per_s": len(waits) / taken, "p50_ms": centiles[49] * 1000, "p99_ms": centiles[98] * 1000}


async def _send(port: int, secret: bytes, sample: bytes, until: float, waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (asked := time.perf_counter()) < until:
        writer.write(request(next(_NUMBERS), secret, sample))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        waits.append(time.perf_counter() - asked)
    writer.close()
    await writer.wait_closed()


def request(number: int, secret: bytes, sample: bytes) -> bytes:
    """Return a delivery of an order of its own, with an event of its own."""
    body = b'{"id":%d,"order":%s}' % (number, sample)
    signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256))
    return (
        b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        b"X-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: seed.myshopify.com\r\n"
        b"X-Shopify-Webhook-Id: w%d\r\nX-Shopify-Event-Id: e%d\r\nX-Shopify-Hmac-Sha256: %s\r\n\r\n%s"
    ) % (PATH.encode(), len(body), number, number, signature, body)
