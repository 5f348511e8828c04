"""Overload: a thousand webhooks a second about orders that are known, while shoppers buy (F17).

A web process, two workers and a scheduler on PostgreSQL, the stand-ins behind them; `make soak ARGS=overload`. None of
what was answered for may be lost, ninety-nine of a hundred are answered within 100 ms, and an order that is placed
meanwhile is known within 5 s. ``CROSSDOCK_OVERLOAD_S`` is how long it lasts (seconds), ``CROSSDOCK_OVERLOAD_ORDERS``
how many orders are known. Where less than 200 is answered nothing is lost: a channel sends it again.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg

from benchmarks.sending import A_SECOND, Sent, steady
from core.store.server_address import plain_address
from tests.chaos.merchants import Merchant
from tests.chaos.run import Chaos, agreed, opened, own_folder

SECONDS, ORDERS = 60.0, 500.0
PLACED_EVERY_S = 3.0
LOOKS_EVERY_S = 0.25
KNOWN_WITHIN_S = 5.0
P99_MS = 100.0
AGREES_WITHIN_S = 600.0
BATCH = 20
"""So many orders are placed at once before it begins."""
EVENT = "overload-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of it."""

    sent: Sent
    kept: int
    """Deliveries that the hub has."""
    known_after_s: Sequence[float]
    """Each order placed meanwhile: how long until the hub knew it."""
    agreed_after_s: float
    wrong: Sequence[str]

    @property
    def answered(self) -> int:
        """How many the hub said it took."""
        return len(self.sent.waits) - self.sent.refused.total()

    def text(self) -> str:
        """Return it for people."""
        figures, known = self.sent.centiles(), sorted(self.known_after_s)
        rate = len(self.sent.waits) / self.sent.taken_s
        return (
            f"    {len(self.sent.waits)} webhooks, {rate:.0f} a second; p50 {figures['p50_ms']:.0f} ms, "
            f"p99 {figures['p99_ms']:.0f} ms; refused {dict(self.sent.refused) or 'none'}; kept {self.kept} of {self.answered}\n"
            f"    {len(known)} orders placed meanwhile, known after {known[len(known) // 2]:.1f} s (median), "
            f"{known[-1]:.1f} s (longest); books agreed {self.agreed_after_s:.0f} s after the last\n"
        )

    def missed(self) -> list[str]:
        """Return what is not as promised."""
        p99, longest = self.sent.centiles()["p99_ms"], max(self.known_after_s)
        return [
            *self.wrong,
            *([] if self.kept >= self.answered else [f"{self.answered - self.kept} are lost"]),
            *([] if p99 <= P99_MS else [f"p99 {p99:.0f} ms, not {P99_MS:.0f}"]),
            *([] if longest <= KNOWN_WITHIN_S else [f"an order was known after {longest:.1f} s"]),
        ]


def updates(store: str, secret: bytes, external_ids: Sequence[str], seed: int) -> Callable[[], bytes]:
    """Return what makes one signed webhook after another, each with an event of its own, about these orders."""
    chance, numbers = random.Random(seed), itertools.count(1)

    def one() -> bytes:
        number, order = next(numbers), chance.choice(external_ids)
        body = json.dumps({"id": int(order), "admin_graphql_api_id": f"gid://shopify/Order/{order}"}).encode()
        signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256))
        return (
            b"POST /webhooks/kofi/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\nX-Shopify-Topic: orders/updated\r\nX-Shopify-Shop-Domain: %s\r\n"
            b"X-Shopify-Webhook-Id: %s%d\r\nX-Shopify-Event-Id: %s%d\r\nX-Shopify-Hmac-Sha256: %s\r\n\r\n%s"
        ) % (len(body), store.encode(), EVENT.encode(), number, EVENT.encode(), number, signature, body)

    return one


async def _stored(chaos: Chaos, query: str, *values: str) -> list[asyncpg.Record]:
    server = await asyncpg.connect(plain_address(chaos.cluster.url))
    try:
        return list(await server.fetch(query, *values))
    finally:
        await server.close()


async def _known(chaos: Chaos) -> list[str]:
    """Return the shop's own numbers of the orders that the hub knows."""
    rows = await _stored(chaos, "SELECT external_id FROM orders WHERE merchant = 'kofi'")
    return [row["external_id"] for row in rows]


async def _kept(chaos: Chaos) -> int:
    query = "SELECT event_id FROM deliveries WHERE merchant = 'kofi' AND event_id LIKE $1"
    return len(await _stored(chaos, query, f"%{EVENT}%"))


async def _until_known(merchant: Merchant, before: set[str]) -> float:
    """Wait for one order more; return how long it took."""
    began = time.monotonic()
    while True:
        newest = await merchant.client.api("GET", "/orders?limit=1")
        if {row["order_id"] for row in newest["orders"]} - before:
            return time.monotonic() - began
        await asyncio.sleep(LOOKS_EVERY_S)


async def _shopping(merchant: Merchant, seconds: float) -> list[float]:
    """Place an order now and then, and return how long each took to be known."""
    found: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        newest = await merchant.client.api("GET", "/orders?limit=1")
        await merchant.buy()
        found.append(await _until_known(merchant, {row["order_id"] for row in newest["orders"]}))
        await asyncio.sleep(PLACED_EVERY_S)
    return found


async def measured(seconds: float, orders: int) -> Found:
    """Have so many orders known, and then send so long."""
    with own_folder() as folder:
        async with AsyncExitStack() as stack:
            chaos = await opened(stack, folder, orders * 2 + int(seconds) + 40, seed=1)
            kofi = next(m for m in chaos.both if m.client.merchant == "kofi")
            for merchant in chaos.both:
                await merchant.client.stand("POST", "/faults/quiet", {})
            while kofi.bought < orders:
                for _ in range(min(BATCH, orders - kofi.bought)):
                    await kofi.buy()
                await asyncio.sleep(1)
            _, _, wrong = await agreed(chaos, AGREES_WITHIN_S)
            if wrong:
                raise RuntimeError(f"the books do not agree before it begins: {wrong}")
            secret = kofi.environ["CROSSDOCK_APP_SHOPIFY_CLIENT_SECRET"].encode()
            store = kofi.day.config["connections"]["shop"]["with"]["store"]
            request = updates(store, secret, await _known(chaos), seed=1)
            port = int(kofi.client.hub.rpartition(":")[2])
            sent, known = await asyncio.gather(steady(port, seconds, request), _shopping(kofi, seconds))
            kept = await _kept(chaos)
            took, _, wrong = await agreed(chaos, AGREES_WITHIN_S)
    return Found(sent=sent, kept=kept, known_after_s=known, agreed_after_s=took, wrong=wrong)


async def overloaded() -> list[str]:
    """Measure, print it, and return what is not as promised."""
    seconds = float(os.environ.get("CROSSDOCK_OVERLOAD_S", SECONDS))
    orders = int(float(os.environ.get("CROSSDOCK_OVERLOAD_ORDERS", ORDERS)))
    found = await measured(seconds, orders)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(f"{found.text()}    {A_SECOND} a second were asked for; load {load}\n")
    return found.missed()
