"""Stripe's stand-in, served, with Stripe's own library pointed at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import stripe

from sandbox.stripe import Stripe, build
from sandbox.world import World
from tests.sandbox.stand import a_world, served


@dataclass
class Stand:
    world: World
    state: Stripe
    url: str
    sdk: stripe.StripeClient
    http: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        path: str,
        *,
        form: dict[str, str] | None = None,
        key: str | None = None,
        auth: str | None = None,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        headers = {"Authorization": auth if auth is not None else f"Bearer {self.state.key}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        async with self.http.request(method, self.url + path, data=form, headers=headers) as answer:
            return answer.status, await answer.json(), dict(answer.headers)

    def authorized(self, amount: int = 9291) -> str:
        taken = self.state.take(amount, "USD", capture=False, risk_score=15, metadata={"order": "KK-1002"})
        return taken["payment_intent"]

    def paid(self, amount: int = 11610) -> str:
        taken = self.state.take(amount, "USD", capture=True, risk_score=11, metadata={"order": "KK-1001"})
        return taken["payment_intent"]


@asynccontextmanager
async def opened(rate: float = 1.0) -> AsyncIterator[Stand]:
    """A stand-in with nothing in it yet, and its clients."""
    world = a_world(rate=rate)
    async with served(build(world.stripe)) as url, stand_of(world, url) as made:
        yield made


@asynccontextmanager
async def stand_of(world: World, url: str) -> AsyncIterator[Stand]:
    """The clients of a stand-in that is being served; its world is closed afterwards."""
    transport = stripe.HTTPXClient()
    async with aiohttp.ClientSession() as http:
        sdk = stripe.StripeClient(
            world.stripe.key, base_addresses={"api": url}, http_client=transport, max_network_retries=0
        )
        yield Stand(world, world.stripe, url, sdk, http)
        await transport.close_async()  # type: ignore[no-untyped-call]
        await world.close()
