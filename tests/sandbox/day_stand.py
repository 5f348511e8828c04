"""A trading day at the control port: the golden house, a clock that is moved by hand, and who listens to the webhooks."""

import asyncio
import base64
import copy
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from sandbox import app
from sandbox.app import Running
from sandbox.clock import SteppedClock
from sandbox.house import usual
from sandbox.shopify import Shopify, webhooks
from sandbox.world import World
from tests.sandbox.stand import served

Json = dict[str, Any]
SEVEN = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
"""07:00 in Reno."""
KWAME: Json = {
    "channel": "shop", "id": "KK-1000", "at": "2026-11-29T21:10:00-08:00",
    "customer": {"name": "Kwame Kessler", "email": "kwame@example.test", "orders_before": 2},
    "ship_to": {
        "street1": "10 Rainey Row", "city": "Austin", "state": "TX", "zip": "78701", "country": "US",
        "phone": "+15125550110",
    },
    "method": "Standard", "lines": [{"sku": "UTIL-5", "qty": 1, "price": 3900}], "shipping": 695, "tax": 379,
    "tax_included": False, "total": 4974, "currency": "USD",
    "pay": [{"gateway": "stripe", "amount": 4974, "currency": "USD", "capture": "now",
             "risk": {"level": "normal", "score": 8}}],
}  # fmt: skip
KARA: Json = {
    "channel": "shop", "id": "KK-1001",
    "customer": {"name": "Kara Kline", "email": "kara@example.test", "orders_before": 0},
    "ship_to": {
        "street1": "100 Test Kitchen Way", "city": "Portland", "state": "OR", "zip": "97205", "country": "US",
        "phone": "+15035550101",
    },
    "method": "Standard", "lines": [{"sku": "SET-KNIFE-BOARD", "qty": 1, "price": 12900, "discount": 1290}],
    "shipping": 0, "tax": 0, "tax_included": False, "total": 11610, "currency": "USD",
    "pay": [{"gateway": "stripe", "amount": 11610, "currency": "USD", "capture": "now",
             "risk": {"level": "normal", "score": 11}}],
}  # fmt: skip
KIM: Json = {
    **KARA, "id": "KK-1002", "customer": {"name": "Kim Kowalski", "email": "kim@example.test", "orders_before": 1},
    "ship_to": {"street1": "30 Larimer Loop", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"},
    "lines": [{"sku": "SKILLET-12", "qty": 1, "price": 7900}], "shipping": 695, "tax": 696, "total": 9291,
    "pay": [{"gateway": "stripe", "amount": 9291, "currency": "USD", "capture": "later"}],
}  # fmt: skip
KELLY: Json = {
    **KARA, "id": "KK-1005", "customer": {"name": "Kelly Knox", "email": "kelly@example.test", "orders_before": 0},
    "ship_to": {"street1": "PO Box 77", "city": "Bend", "state": "OR", "zip": "97701", "country": "US"},
    "lines": [
        {"sku": "PARE-3", "qty": 2, "price": 2900},
        {"sku": "PROTECT-198", "title": "Package protection", "qty": 1, "price": 198, "ships": False},
    ],
    "shipping": 695, "total": 6693,
    "pay": [
        {"gateway": "gift_card", "amount": 5000, "currency": "USD", "capture": "now"},
        {"gateway": "shopify_payments", "amount": 1693, "currency": "USD", "capture": "now"},
    ],
}  # fmt: skip
KRIS: Json = {
    "channel": "amz", "id": "112-4000002-0000002", "customer": {"name": "Kris Kelso", "email": None},
    "ship_to": {"street1": "60 Halsted Court", "city": "Chicago", "state": "IL", "zip": "60607", "country": "US"},
    "status": "UNSHIPPED", "fulfilled_by": "merchant", "service_level": "STANDARD",
    "ship_by": "2026-12-01T23:59:59-08:00", "deliver_by": "2026-12-07T23:59:59-08:00",
    "lines": [
        {"listing": "KK-CHEF8-FBM", "qty": 1, "price": 9200}, {"listing": "KK-TONGS-NEW", "qty": 1, "price": 1800},
    ],
    "shipping": 0, "tax": 1128, "tax_included": False, "tax_collected_by": "marketplace", "total": 12128,
    "currency": "USD",
}  # fmt: skip
FBA: Json = {
    **KRIS, "id": "112-4000004-0000004", "customer": {"name": None, "email": None}, "ship_to": None,
    "status": "SHIPPED", "fulfilled_by": "amazon", "lines": [{"listing": "KK-SOCKS-FBA", "qty": 1, "price": 1300}],
    "tax": 98, "total": 1398,
}  # fmt: skip
RENO = {"street1": "1 Depot Way", "city": "Reno", "state": "NV", "zip": "89502", "country": "US"}


def golden_house() -> Json:
    """The house of the golden day at 07:00: Kwame's knife is off the shelf, and the tongs are linked by nobody."""
    house = copy.deepcopy(usual())
    shop = {row["listing"]: row for row in house["listings"]["shop"]}
    amazon = {row["listing"]: row for row in house["listings"]["amz"]}
    shop["UTIL-5"]["shows"] = 9
    amazon["KK-TONGS-NEW"] |= {"of": None, "shows": 6}
    house["before"] = [{"place": copy.deepcopy(KWAME)}]
    return house


@dataclass
class Day:
    running: Running
    http: aiohttp.ClientSession
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    """Topic, event id and delivery id of every webhook that came."""

    @property
    def world(self) -> World:
        return self.running.world

    @property
    def shop(self) -> Shopify:
        return self.world.shopify

    async def get(self, path: str) -> Any:
        async with self.http.get(self.running.control + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(self.running.control + path, json=body) as answer:
            return answer.status, await answer.json()

    async def done(self, path: str, body: Any) -> Any:
        status, answer = await self.post(path, body)
        assert status == 200, answer
        return answer

    async def play(self, **verb: Any) -> Any:
        return await self.done("/play", verb)

    async def books(self, vendor: str) -> Any:
        return (await self.get("/books"))[vendor]

    async def move(self, to: str) -> None:
        await self.done("/clock", {"to": f"2026-{to}-08:00"})
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing happens without the clock being moved."""
        async with asyncio.timeout(10):
            while not self._quiet():  # noqa: ASYNC110  a delivery has no event for it
                await asyncio.sleep(0.005)

    def _quiet(self) -> bool:
        clock = self.world.clock
        return all(clock.asleep(task) for task in self.world.webhook_delivery.under_way())

    async def parcel(
        self, grams: int, to: Json, reference: str = "KK-1001/1", **more: Any
    ) -> tuple[int, Any]:
        ounces = round(grams / 28.349523125, 2)
        shipment = {
            "from_address": RENO, "to_address": to, "reference": reference,
            "parcel": {"length": 16, "width": 12, "height": 3, "weight": ounces}, **more,
        }  # fmt: skip
        return await self.easypost("/shipments", {"shipment": shipment})

    async def easypost(self, path: str, body: Any = None, *, key: str | None = None) -> tuple[int, Any]:
        keys = base64.b64encode(f"{key or self.world.easypost.key}:".encode()).decode()
        url = f"{self.world.urls['easypost']}/v2{path}"
        method = "GET" if body is None else "POST"
        async with self.http.request(
            method, url, json=body, headers={"Authorization": f"Basic {keys}"}
        ) as said:
            return said.status, await said.json()

    async def stripe(self, path: str, *, key: str | None = None, form: Json | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key or self.world.stripe.key}"}
        url, method = f"{self.world.urls['stripe']}/v1{path}", "GET" if form is None else "POST"
        async with self.http.request(method, url, data=form, headers=headers) as said:
            return said.status, await said.json()

    async def ask(self, query: str, **variables: Any) -> tuple[int, Any]:
        headers = {"X-Shopify-Access-Token": self.shop.tokens.permanent}
        url = f"{self.world.urls['shopify']}/admin/api/2026-10/graphql.json"
        body = {"query": query, "variables": variables}
        async with self.http.post(url, json=body, headers=headers) as said:
            return said.status, await said.json()

    def topics(self) -> Counter[str]:
        return Counter(topic for topic, _event, _delivery in self.heard)


@asynccontextmanager
async def a_day(tmp_path: Path, house: Json | None = None) -> AsyncIterator[Day]:
    """The stand-ins with that house (the golden one) at 07:00; every topic of the shop is listened to."""
    world = World(SteppedClock(SEVEN, tmp_path / "page"), house=copy.deepcopy(usual()))
    running = await app.start(world)
    hooks = web.Application()
    async with aiohttp.ClientSession() as http, served(hooks_of(hooks, day := Day(running, http))) as url:
        await day.done("/house", house or golden_house())
        for topic in (
            "ORDERS_CREATE", "ORDERS_PAID", "ORDERS_UPDATED", "FULFILLMENTS_CREATE", "ORDERS_CANCELLED",
            "REFUNDS_CREATE", "ORDERS_EDITED",
        ):  # fmt: skip
            webhooks.subscribe(day.shop, topic, webhooks.Endpoint(f"{url}/shop"))
        await day.stripe("/webhook_endpoints", form={"url": f"{url}/stripe", "enabled_events[0]": "*"})
        yield day
    await running.stop()


def hooks_of(hooks: web.Application, day: Day) -> web.Application:
    async def shop(request: web.Request) -> web.Response:
        told = request.headers
        day.heard.append((
            told["X-Shopify-Topic"], told["X-Shopify-Event-Id"], told["X-Shopify-Webhook-Id"],
        ))  # fmt: skip
        return web.Response()

    async def stripe(request: web.Request) -> web.Response:
        event = json.loads(await request.read())
        day.heard.append((event["type"], event["id"], ""))
        return web.Response()

    hooks.router.add_post("/shop", shop)
    hooks.router.add_post("/stripe", stripe)
    return hooks
