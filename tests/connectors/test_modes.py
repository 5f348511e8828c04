"""Each connector tells whether its account is test or live, by what its vendor says so with (R99)."""

from typing import Any

import pytest
from pydantic import BaseModel

from connectors import amazon, easypost, shopify, stripe
from connectors.amazon import mode_of
from core.clock import SystemClock
from core.ports import Connection, Connector, Mode, Ports
from core.store.vault import StaticTokens


class Unmetered:
    async def take(self, operation: str, *, cost: int = 1) -> None: ...

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None: ...


async def mode(
    connector: Connector, given: dict[str, Any], endpoints: dict[str, str] | None = None
) -> Mode | None:
    settings: BaseModel = connector.settings.model_validate(given)
    ports: Ports = connector.build(
        Connection(
            merchant="kendra",
            name="it",
            settings=settings,
            app={},
            endpoints=endpoints or {},
            tokens=StaticTokens("a token", connection="it"),
            quota=Unmetered(),
            clock=SystemClock(),
        )
    )
    ended = ports.close() if ports.close else None
    if ended is not None and hasattr(ended, "__await__"):
        await ended
    return ports.mode


@pytest.mark.req("R99")
@pytest.mark.parametrize(
    ("key", "expected"),
    [("sk_test_1", "test"), ("rk_test_1", "test"), ("sk_live_1", "live"), ("rk_live_1", "live")],
)
async def test_stripe_tells_by_its_key(key: str, expected: str) -> None:
    assert await mode(stripe.CONNECTOR, {"key": key}) == expected


@pytest.mark.req("R99")
@pytest.mark.parametrize(("key", "expected"), [("EZTK1", "test"), ("EZAK1", "live"), ("other", None)])
async def test_easypost_tells_by_its_key(key: str, expected: str | None) -> None:
    assert await mode(easypost.CONNECTOR, {"key": key}) == expected


@pytest.mark.req("R99")
@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ({}, "live"),
        ({"api": "https://sandbox.sellingpartnerapi-na.amazon.com"}, "test"),
        ({"api": "https://sellingpartnerapi-eu.amazon.com"}, "live"),
        ({"api": "http://127.0.0.1:8091"}, "live"),
        ({"api": "https://proxy.test/sandbox.sellingpartnerapi"}, "live"),
    ],
)
async def test_amazon_tells_by_the_host(endpoints: dict[str, str], expected: str) -> None:
    assert mode_of(endpoints) == expected
    given = {"marketplaces": ["ATVPDKIKX0DER"]}
    assert await mode(amazon.CONNECTOR, given, endpoints) == expected


@pytest.mark.req("R99")
@pytest.mark.parametrize(("more", "expected"), [({}, None), ({"development": True}, "test")])
async def test_a_shop_is_test_where_it_is_a_development_store(
    more: dict[str, Any], expected: str | None
) -> None:
    assert await mode(shopify.CONNECTOR, {"store": "acme.myshopify.com", **more}) == expected
