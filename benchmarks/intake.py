"""Webhooks: the hub's own site on loopback, storing each delivery before it answers, or verifying it only.

The site is a process of its own on one core; whoever sends is on another where there are two. Besides as many as it can
take, it is sent a steady stream.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median

from benchmarks.children import Child, answer_until_told, child
from benchmarks.databases import Kind, database_of
from benchmarks.merchant import MERCHANT, PLAYS, config
from benchmarks.rounds import Figure, Rates, Scale, in_turns, load_now, middle, middles, ratios
from benchmarks.sending import most, steady
from benchmarks.site import site_of
from benchmarks.statements import Statements
from benchmarks.worker import Meter, Spent
from connectors.bogus import CONNECTOR
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.webhooks import ShopifyWebhooks
from core.clock import SystemClock
from core.engine.hub import Connections, Hub
from core.ports import Connection, Ports
from core.store.inbox import Delivery
from core.store.quota import quota_of
from core.store.sealing import Keyring
from core.store.store import Store
from core.store.vault import StaticTokens

P99_MS = 100.0
"""What the design allows at most, of the steady stream."""
STORE = "bench.myshopify.com"
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


async def webhook_intake_sqlite(scale: Scale) -> Figure:
    """Return how many webhooks a second are stored on SQLite, of those that are only verified."""
    return await _intake("sqlite", scale, floor=0.5)


async def webhook_intake_postgres(scale: Scale) -> Figure:
    """Return the same on PostgreSQL."""
    return await _intake("postgres", scale, floor=0.35)


async def _intake(kind: Kind, scale: Scale, *, floor: float) -> Figure:
    load, secret = load_now(), secrets.token_hex()
    async with database_of(kind) as url, child(serve, url, secret) as site:
        durable, forgetful = await site.answer()
        with _on_the_last_core():
            measures = {
                "stored": partial(_most, site, scale.seconds, durable, secret.encode()),
                "verified": partial(_most, site, scale.seconds, forgetful, secret.encode()),
                "steady": partial(_steady, scale.seconds, durable, secret.encode()),
            }
            found = await in_turns(scale.rounds, measures)
    stored, verified, steady = found["stored"], found["verified"], found["steady"]
    each = ratios(stored, verified)
    details = middles(stored) | middles(verified, "verified_") | middles(steady, "steady_")
    details["steady_p99_ms_limit"] = P99_MS
    details["cpu_ratio"] = median(ratios(verified, stored, "cpu_ms"))
    return Figure(
        name=f"webhook_intake_{kind}",
        value=middle(stored),
        unit="webhooks/s",
        ratio=median(each),
        floor=floor,
        spread=(min(each), max(each)),
        details=details,
        load=load,
    )


@contextlib.contextmanager
def _on_the_last_core() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def serve(pipe: Pipe, url: str, secret: str) -> None:
    """In a child: serve both sites, and send their ports."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    logging.disable(logging.WARNING)
    asyncio.run(_serve(pipe, url, secret))


async def _serve(pipe: Pipe, url: str, secret: str) -> None:
    keys, statements = Keyring.generate(), Statements()
    async with contextlib.AsyncExitStack() as running:
        stores = [await kind.open(url, keys=keys) for kind in (Store, Forgetful)]
        await stores[0].create_tables()
        hubs = [_hub(store, secret) for store in stores]
        pipe.send([await running.enter_async_context(site_of(hub)) for hub in hubs])
        await answer_until_told(pipe, {"spent": Meter(stores[0], statements)})
    for store in stores:
        await store.close()


def _hub(store: Store, secret: str) -> Hub:
    """Return a hub whose shop tells of changes as Shopify does."""
    connection = Connection(
        merchant=MERCHANT,
        name="shop",
        settings=ShopifySettings(store=STORE),
        app={"client_secret": secret},
        endpoints={},
        tokens=StaticTokens("", connection="shop"),
        quota=quota_of(store.db, merchant=MERCHANT, app="shopify", connection="shop", limits={}),
        clock=SystemClock(),
    )
    ports = {"shop": Ports(account=STORE, webhooks=ShopifyWebhooks(connection))}
    shop = Connections(config=config(), ports=ports, connectors=dict.fromkeys(PLAYS, CONNECTOR))
    return Hub(store=store, clock=SystemClock(), owner="benchmark", merchants={MERCHANT: shop})


async def _most(site: Child, seconds: float, port: int, secret: bytes) -> Rates:
    """Send over many connections at once, each as soon as it has its answer."""
    await site.ask("spent")
    sent = (await most(port, seconds, partial(_next, secret))).require_all_taken()
    spent: Spent = await site.ask("spent")
    return {
        "per_s": len(sent.waits) / sent.taken_s,
        **sent.centiles(),
        "cpu_ms": spent.cpu_s * 1000 / len(sent.waits),
        "statements": spent.statements.total() / len(sent.waits),
        "write_transactions": spent.transactions / len(sent.waits),
    }


async def _steady(seconds: float, port: int, secret: bytes) -> Rates:
    """Send a thousand a second."""
    sent = (await steady(port, seconds, partial(_next, secret))).require_all_taken()
    return {"per_s": len(sent.waits) / sent.taken_s, **sent.centiles()}


def _next(secret: bytes) -> bytes:
    return request(next(_NUMBERS), secret)


def request(number: int, secret: bytes) -> bytes:
    """Return a delivery of an order of its own, of about 4 KB, with an event of its own."""
    body = b'{"id":%d,"order":%s}' % (number, _SAMPLE)
    signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256))
    return (
        b"POST /webhooks/%s/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nX-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: %s\r\n"
        b"X-Shopify-Webhook-Id: w%d\r\nX-Shopify-Event-Id: e%d\r\nX-Shopify-Hmac-Sha256: %s\r\n\r\n%s"
    ) % (MERCHANT.encode(), len(body), STORE.encode(), number, number, signature, body)


_SAMPLE = json.dumps(json.loads(SAMPLE.read_bytes()), separators=(",", ":")).encode()
