"""Serves Amazon's stand-in alone on loopback and reaches it with Amazon's own clients."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiobotocore.session import get_session
from aiohttp import web
from sp_api.asyncio.api import (
    FeedsV20210630,
    Inventories,
    ListingsItemsV20210801,
    Notifications,
    Orders,
    Sellers,
)
from sp_api.asyncio.auth import access_token_client
from sp_api.base.credential_provider import FromCodeCredentialProvider

from sandbox.amazon import Amazon, build
from sandbox.clock import Clock
from sandbox.world import World
from tests.contracts import contracts_are_there
from tests.contracts_amazon import check_request, check_response, operations

MODELS = {
    "/orders/2026-01-01/": "orders_2026-01-01",
    "/orders/v0/": "ordersV0",
    "/listings/": "listingsItems_2021-08-01",
    "/feeds/": "feeds_2021-06-30",
    "/fba/": "fbaInventory",
    "/notifications/": "notifications",
    "/sellers/": "sellers",
}
MONDAY = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
US = "ATVPDKIKX0DER"
SELLER = "A1KENDRA"
HOUSE: dict[str, Any] = {
    "merchant": "kendra",
    "locations": {},
    "seller": SELLER,
    "marketplaces": [US],
    "products": {"CHEF-8": {"title": "Chef's knife 8 in"}, "SOCKS-CHEF": {"title": "Chef's socks, pair"}},
    "listings": {
        "amz": [
            {"listing": "KK-CHEF8-FBM", "fulfilled_by": "merchant", "of": {"CHEF-8": 1}, "shows": 14},
            {"listing": "KK-SOCKS-2PK", "fulfilled_by": "merchant", "of": {"SOCKS-CHEF": 2}, "shows": 10},
            {"listing": "KK-TONGS-NEW", "fulfilled_by": "merchant", "of": None, "shows": 6},
            {"listing": "KK-SOCKS-FBA", "fulfilled_by": "amazon", "of": {"SOCKS-CHEF": 1}, "shows": 40},
        ]
    },
}
KARL: dict[str, Any] = {
    "id": "112-4000001-0000001",
    "customer": {"name": "Karl Kruger", "email": None},
    "ship_to": {
        "street1": "20 Short North Lane",
        "city": "Columbus",
        "state": "OH",
        "zip": "43215",
        "country": "US",
        "phone": "+16145550102",
    },
    "status": "UNSHIPPED",
    "fulfilled_by": "merchant",
    "service_level": "EXPEDITED",
    "ship_by": "2026-11-30T23:59:59-08:00",
    "deliver_by": "2026-12-02T23:59:59-08:00",
    "lines": [{"listing": "KK-SOCKS-2PK", "qty": 1, "price": 2600}],
    "shipping": 999,
    "tax": 270,
    "tax_included": False,
    "tax_collected_by": "marketplace",
    "total": 3869,
    "currency": "USD",
}
KRIS: dict[str, Any] = {
    **KARL,
    "id": "112-4000002-0000002",
    "customer": {"name": "Kris Kelso", "email": None},
    "lines": [
        {"listing": "KK-CHEF8-FBM", "qty": 1, "price": 9200},
        {"listing": "KK-TONGS-NEW", "qty": 1, "price": 1800},
    ],
    "service_level": "STANDARD",
    "shipping": 0,
    "tax": 1128,
    "total": 12128,
}
FBA: dict[str, Any] = {
    "id": "112-4000004-0000004",
    "customer": {"name": None, "email": None},
    "ship_to": None,
    "status": "SHIPPED",
    "fulfilled_by": "amazon",
    "lines": [{"listing": "KK-SOCKS-FBA", "qty": 1, "price": 1300}],
    "shipping": 0,
    "tax": 98,
    "tax_collected_by": "marketplace",
    "total": 1398,
    "currency": "USD",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Stand:
    """A served stand-in and its clients."""

    world: World
    amazon: Amazon
    url: str
    _clients: list[Any] = field(default_factory=list)

    def client(self, kind: Any, **more: Any) -> Any:
        """One of the SDK's classes, as shipped, pointed here."""
        tokens = type(
            "Tokens",
            (access_token_client.AccessTokenClient,),
            {"scheme": "http://", "host": self.url.removeprefix("http://")},
        )
        login = self.amazon.login
        made = kind(
            marketplace=SimpleNamespace(endpoint=self.url, marketplace_id=US, region="us-east-1"),
            credentials={
                "refresh_token": login.self_authorized,
                "lwa_app_id": login.client_id,
                "lwa_client_secret": login.client_secret,
            },
            credential_providers=[FromCodeCredentialProvider],
            auth_token_client_class=tokens,
            verify=False,
            **more,
        )
        self._clients += [made, made._auth]
        return made

    def orders(self) -> Any:
        return self.client(Orders, version="2026-01-01")

    def orders_v0(self) -> Any:
        return self.client(Orders)

    def listings(self) -> Any:
        return self.client(ListingsItemsV20210801)

    def feeds(self) -> Any:
        return self.client(FeedsV20210630)

    def inventories(self) -> Any:
        return self.client(Inventories)

    def notifications(self) -> Any:
        return self.client(Notifications)

    def sellers(self) -> Any:
        return self.client(Sellers)

    def books(self) -> Any:
        return json.loads(json.dumps(self.amazon.books()))

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def served(
    *, rate: float = 1.0, scale: float | None = 1000, spec: str = "none"
) -> AsyncIterator[Stand]:
    """A stand-in with the small house; every answer it gives is held against Amazon's models."""
    world = World(Clock(MONDAY, rate), house=HOUSE, seed=1)
    amazon = world.amazon
    app = build(amazon)
    amazon.load({**HOUSE, "limits": {"scale": scale}})
    wrong: list[str] = []
    app.middlewares.insert(0, _judging(wrong))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    world.urls["amazon"] = f"http://127.0.0.1:{port}"
    world.faults.arm(spec)
    forget_tokens()
    stand = Stand(world, amazon, world.urls["amazon"])
    try:
        yield stand
    finally:
        await stand.close()
        await world.close()
        await runner.cleanup()
    assert not wrong, "\n".join(wrong)


def _judging(wrong: list[str]) -> Any:
    """Holds each request that was taken, and each answer, against the model; keeps what is wrong with them."""

    @web.middleware
    async def judge(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        model = next((name for start, name in MODELS.items() if request.path.startswith(start)), None)
        dropped = request.transport is None or request.transport.is_closing()
        if model is not None and not dropped and contracts_are_there():
            assert isinstance(response, web.Response)
            try:
                _judge(model, request, await request.read(), response)
            except AssertionError as different:
                wrong.append(str(different))
        return response

    return judge


def _judge(model: str, request: web.Request, sent: bytes, response: web.Response) -> None:
    operation_id = _operation(model, request)
    if response.status < 400:
        body = json.loads(sent) if sent else None
        check_request(model, request.method, request.rel_url.raw_path, request.query.items(), body)
    shown = response.body
    assert shown is None or isinstance(shown, bytes)
    check_response(model, operation_id, response.status, json.loads(shown) if shown else None)
    assert response.headers.get("x-amzn-RequestId"), f"{operation_id}: no request id"


def _operation(model: str, request: web.Request) -> str:
    wanted = request.match_info.route.resource
    template = wanted.canonical if wanted is not None else ""
    return next(
        name
        for name, (method, path) in operations(model).items()
        if (method, path) == (request.method, template)
    )


@asynccontextmanager
async def sqs(url: str) -> AsyncIterator[Any]:
    """aiobotocore's SQS client, pointed at that endpoint."""
    async with get_session().create_client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
    ) as client:
        yield client


@asynccontextmanager
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


def forget_tokens() -> None:
    """Empty the SDK's own cache of tokens: it outlives a test, and the stand-in that gave them."""
    access_token_client.cache.clear()
    access_token_client.grantless_cache.clear()


async def subscribed(stand: Stand, **more: Any) -> str:
    """Subscribe ORDER_CHANGE to the first queue; give the subscription's id."""
    notifications = stand.notifications()
    arn = stand.amazon.credentials(stand.url)["queue_arn"]
    made = await notifications.create_destination("hub", arn=arn)
    answer = await notifications.create_subscription(
        "ORDER_CHANGE", destination_id=made.payload["destinationId"], **more
    )
    return str(answer.payload["subscriptionId"])


async def settled(stand: Stand) -> None:
    """Wait until nothing is on its way."""
    async with asyncio.timeout(20):
        while stand.world.webhook_delivery.pending():  # noqa: ASYNC110  a delivery has no event for it
            await asyncio.sleep(0.01)
