"""Shopify's stand-in, served, with a client for its GraphQL and orders as shoppers write them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox import shopify
from sandbox.shopify import Shopify
from sandbox.world import World
from tests.sandbox.stand import a_world, served

Json = dict[str, Any]


@dataclass
class Stand:
    world: World
    shop: Shopify
    url: str
    http: aiohttp.ClientSession
    token: str

    async def post(
        self, query: str, variables: Json | None = None, *, token: str | None = None, version: str = "2026-10"
    ) -> tuple[int, Json]:
        body = json.dumps({"query": query, "variables": variables or {}})
        headers = {"X-Shopify-Access-Token": token or self.token, "Content-Type": "application/json"}
        path = f"{self.url}/admin/api/{version}/graphql.json"
        async with self.http.post(path, data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def ask(self, query: str, /, **variables: Any) -> Json:
        status, answer = await self.post(query, variables)
        assert status == 200
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    def place(self, **order: Any) -> str:
        return str(self.shop.place(an_order(**order))["gid"])

    def level(self, sku: str, at: str = "reno") -> tuple[int, int, int]:
        """Available, committed, on hand."""
        kept = self.shop.stock.items[sku].levels[at]
        return kept.available, kept.committed, kept.on_hand

    def books(self, name: str) -> Json:
        return dict(self.shop.books()["orders"][name])

    def stripe(self, name: str) -> Json:
        payments = self.world.stripe.books()["payments"].values()
        return next(dict(entry) for entry in payments if entry["order"] == name)


def an_order(**wish: Any) -> Json:
    """Kara's order of the golden day, or another with the same habits."""
    order = {
        "channel": "shop",
        "id": "KK-1001",
        "customer": {"name": "Kara Kline", "email": "kara@example.test", "orders_before": 0},
        "ship_to": {
            "street1": "100 Test Kitchen Way", "city": "Portland", "state": "OR", "zip": "97205",
            "country": "US", "phone": "+15035550101",
        },
        "method": "Standard",
        "lines": [{"sku": "SET-KNIFE-BOARD", "qty": 1, "price": 12900, "discount": 1290}],
        "shipping": 0,
        "tax": 0,
        "tax_included": False,
        "total": 11610,
        "currency": "USD",
        "pay": [paid(11610)],
    }  # fmt: skip
    return {**order, **wish}


def kim(**wish: Any) -> Json:
    """A skillet, authorized only: 79.00 + 6.95 + 6.96 tax = 92.91."""
    order = {
        "id": "KK-1002",
        "lines": [{"sku": "SKILLET-12", "qty": 1, "price": 7900}],
        "shipping": 695,
        "tax": 696,
        "total": 9291,
        "pay": [paid(9291, capture="later")],
    }
    return {**order, **wish}


def paid(
    amount: int, *, capture: str = "now", gateway: str = "stripe", level: str = "normal", score: int = 11
) -> Json:
    payment: Json = {"gateway": gateway, "amount": amount, "currency": "USD", "capture": capture}
    return {**payment, "risk": {"level": level, "score": score}} if gateway == "stripe" else payment


@asynccontextmanager
async def opened(rate: float = 1.0, **more: Any) -> AsyncIterator[Stand]:
    world = a_world(rate=rate, **more)
    async with served(shopify.build(world.shopify)) as url, aiohttp.ClientSession() as http:
        yield Stand(world, world.shopify, url, http, world.shopify.tokens.permanent)
        await world.close()
