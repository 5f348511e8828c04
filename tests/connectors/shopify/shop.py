"""A Shopify connection to the stand-in, or to any other URL, with tokens and quota that keep what they were told."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.shopify import CONNECTOR
from connectors.shopify.settings import ShopifySettings
from core.clock import SteppedClock
from core.ports import (
    Authorizer,
    Channel,
    ChannelPayments,
    Connection,
    Levels,
    Overrides,
    Ports,
    ShipmentNotifier,
    Subscriber,
    Token,
    WebhookSource,
    as_read,
)
from sandbox.shopify.keys import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.shopify_stand import Stand, opened

STORE = "kendra-kookware.myshopify.com"
NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@dataclass
class KeptTokens:
    """Holds one token; renewing gives the next."""

    tokens: list[Token]
    renewed: list[str] = field(default_factory=list)

    async def current(self) -> Token:
        return self.tokens[0]

    async def renew(self, refused: Token) -> Token:
        self.renewed.append(refused.access)
        if len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.tokens[0]


@dataclass
class KeptQuota:
    taken: list[tuple[str, int]] = field(default_factory=list)
    learned: list[tuple[str, float, float, float | None, float]] = field(default_factory=list)

    async def take(self, operation: str, *, cost: int = 1) -> None:
        self.taken.append((operation, cost))

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        self.learned.append((operation, rate_per_s, burst, left, back))


@dataclass
class Shop:
    """The ports of one connection, none of them missing."""

    ports: Ports
    connection: Connection
    tokens: KeptTokens
    quota: KeptQuota

    @property
    def channel(self) -> Channel:
        assert self.ports.channel
        return self.ports.channel

    @property
    def levels(self) -> Levels:
        assert self.ports.levels
        return self.ports.levels

    @property
    def shipment_notifier(self) -> ShipmentNotifier:
        assert self.ports.shipment_notifier
        return self.ports.shipment_notifier

    @property
    def channel_payments(self) -> ChannelPayments:
        assert self.ports.channel_payments
        return self.ports.channel_payments

    @property
    def webhooks(self) -> WebhookSource:
        assert self.ports.webhooks
        return self.ports.webhooks

    @property
    def subscriber(self) -> Subscriber:
        assert self.ports.subscriber
        return self.ports.subscriber

    @property
    def authorizer(self) -> Authorizer:
        assert self.ports.authorizer
        return self.ports.authorizer

    async def close(self) -> None:
        assert self.ports.close
        closing: Any = self.ports.close()
        await closing


def a_shop(
    url: str | None,
    *tokens: str,
    app: Mapping[str, str] = APP,
    version: str = "2026-10",
    overrides: Overrides = as_read,
) -> Shop:
    kept = KeptTokens([Token(access=one) for one in tokens or ("shpat_test",)])
    quota = KeptQuota()
    connection = Connection(
        merchant="kendra",
        name="shop",
        settings=ShopifySettings(store=STORE, api_version=version),
        app=app,
        endpoints={"admin": url} if url else {},
        tokens=kept,
        quota=quota,
        clock=SteppedClock(NOON),
        overrides=overrides,
    )
    return Shop(CONNECTOR.build(connection), connection, kept, quota)


@asynccontextmanager
async def connected(**more: Any) -> AsyncIterator[tuple[Stand, Shop]]:
    async with opened(**more) as stand:
        shop = a_shop(stand.url, stand.token)
        yield stand, shop
        await shop.close()


def number(gid: str) -> str:
    return gid.rsplit("/", 1)[-1]
