"""A plan says what another file wants of the vendors: authorizations, scopes, webhooks."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.bogus import CONNECTOR as KNOWN_BOGUS
from core.config.merchant import ConnectionConfig, MerchantConfig
from core.ports import Connector, Token
from core.services.vendor_changes import vendor_changes
from core.store.tokens import TokenRow
from tests.builders import MERCHANT, Bench

pytestmark = pytest.mark.req("S30")


def connector(key: str, title: str, **more: Any) -> Connector:
    return replace(KNOWN_BOGUS, key=key, title=title, **more)


KNOWN = {
    "bogus": KNOWN_BOGUS,
    "mall": connector(
        "mall", "Mall", scopes=("read_orders", "write_stock"), topics=("SALE", "GONE"), subscribes=True
    ),
    "bank": connector("bank", "Bank", topics=("paid",)),
}


def connection(name: str, use: str) -> ConnectionConfig:
    return ConnectionConfig(
        name=name, use=use, with_=None, payments="channel", mails="channel", endpoints={}, token=None
    )


def with_connections(config: MerchantConfig, **uses: str) -> MerchantConfig:
    more = {name: connection(name, use) for name, use in uses.items()}
    return replace(config, connections={**config.connections, **more})


async def told(b: Bench, before: MerchantConfig, after: MerchantConfig) -> tuple[str, ...]:
    return await vendor_changes(b.hub, MERCHANT, before, after, KNOWN)


async def test_a_connection_that_comes_is_to_be_authorized_and_its_webhooks_are_named(b: Bench) -> None:
    config = b.hub.config(MERCHANT)

    assert await told(b, config, with_connections(config, plaza="mall", house="bank")) == (
        "connections.plaza: to be authorized, crossdock connect plaza; scopes: read_orders, write_stock",
        "connections.plaza: webhooks, subscribed to by the hub: SALE, GONE",
        "connections.house: webhooks, to be set up at Bank: paid",
    )


async def test_of_one_that_goes_or_is_another_vendor_s_the_webhooks_stay_there(b: Bench) -> None:
    config = b.hub.config(MERCHANT)

    assert await told(b, with_connections(config, plaza="mall"), with_connections(config, plaza="bank")) == (
        "connections.plaza: its webhooks stay at Mall until somebody takes them away there: SALE, GONE",
        "connections.plaza: webhooks, to be set up at Bank: paid",
    )


@pytest.mark.parametrize(
    ("granted", "lacks"),
    [
        (("read_orders", "write_stock"), ()),
        (("write_orders", "write_stock"), ()),
        (("read_orders",), ("write_stock",)),
        (("read_stock",), ("read_orders", "write_stock")),
        ((), ()),
    ],
)
async def test_scopes_that_were_not_granted_are_named_of_one_that_stays(
    b: Bench, granted: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    config = with_connections(b.hub.config(MERCHANT), plaza="mall")
    row = TokenRow(keyring=b.store.keys, merchant=MERCHANT, connection="plaza")
    await b.store.write(row.put, Token(access="granted-once", scopes=granted), b.hub.clock.now())

    says = f"connections.plaza: to be authorized again, crossdock connect plaza; it lacks the scopes {', '.join(lacks)}"
    assert await told(b, config, config) == ((says,) if lacks else ())


async def test_of_one_that_was_never_authorized_nothing_is_said(b: Bench) -> None:
    config = with_connections(b.hub.config(MERCHANT), plaza="mall")

    assert await told(b, config, config) == ()
