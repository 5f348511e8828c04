"""Any order that a channel tells is known with its units, however odd its shape (R105)."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from connectors.amazon.channel import AmazonChannel
from connectors.shopify.channel import MOST, ShopifyChannel
from connectors.shopify.client import Answer
from core.clock import SteppedClock
from core.domain.fold import fold
from core.domain.holds import Context, causes
from core.domain.needs import needs_of
from core.domain.state import OrderState
from core.mapping import MAPPINGS
from core.model.facts import Received
from core.model.holds import Hold
from core.model.order import ChannelState, FetchedOrder, Order
from tests.connectors.amazon.account import selling
from tests.connectors.odd_orders import Json, Path, changed, count, odd_orders, without
from tests.connectors.shopify.shop import a_shop, connected, number
from tests.sandbox.amazon_stand import KARL, US

pytestmark = [pytest.mark.req("R105"), pytest.mark.case("C1")]

SAMPLED = settings(max_examples=int(os.environ.get("ODD_ORDERS", "150")), deadline=None)
NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
SHOPIFY: Json = json.loads((MAPPINGS / "shopify" / "sample.json").read_text()) | {"legacyResourceId": "5001"}
AMAZON: Json = json.loads((MAPPINGS / "amazon" / "sample.json").read_text()) | {"orderId": "902-1"}
MONEY: Json = {"shopMoney": {"amount": "1.00"}}


@dataclass
class ToldAdmin:
    """Shopify's Admin API with one order."""

    told: Any
    connection: Any

    async def order(self, _gid: str) -> Answer:
        return Answer(fields={"order": self.told}, denied=frozenset(), request_id=None)

    async def order_lines(self, _gid: str, _after: str) -> Json:
        return {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}

    order_fulfillment_orders = order_lines
    fulfillment_order_lines = order_lines


@dataclass
class ToldClient:
    """Amazon's API with one order."""

    told: Any
    main: str = US

    async def get_order(self, _order_id: str) -> Any:
        return self.told


async def from_shopify(told: Any) -> Order:
    admin: Any = ToldAdmin(told, a_shop(None).connection)
    return known(await ShopifyChannel(admin).fetch_order("5001"), "5001")


async def from_amazon(told: Any) -> Order:
    client: Any = ToldClient(told)
    fetched = await AmazonChannel("amz", client, SteppedClock(NOON)).fetch_order("902-1")
    return known(fetched, "902-1")


def known(fetched: FetchedOrder, order_id: str) -> Order:
    assert fetched.order.order_id == order_id
    if fetched.order.unreadable is not None:
        assert not fetched.order.total.known
        assert fetched.personal.ship_to is None
    # What is stored can be read back.
    assert FetchedOrder.model_validate_json(fetched.model_dump_json()) == fetched
    return fetched.order


def units_of(order: Order) -> int:
    """Return the units that the order commits once every listing is linked to one unit of a SKU."""
    links = {line.listing: {"SKU": 1} for line in order.lines if line.listing}
    needs, unlinked = needs_of(order, links)
    lacking = [line.quantity for line in order.lines if line.line_id in unlinked]
    return sum(need.units for need in needs) + sum(lacking)


def holds_of(order: Order) -> dict[Hold, str]:
    state = fold(OrderState(), Received(at=NOON, order=order, needs=()))
    context = Context(
        home_countries=frozenset({"US"}), tariff_code=lambda _: "8211.92", places={}, no_label="", now=NOON
    )
    return causes(state, context)


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        # Paid in a currency that ISO 4217 has withdrawn, and in none.
        (changed(SHOPIFY, ("currentTotalPriceSet", "presentmentMoney", "currencyCode"), "ANG"), "currentTotalPriceSet.presentmentMoney.amount"),
        (changed(SHOPIFY, ("currencyCode",), "XXX"), "currentTotalPriceSet.shopMoney.amount"),
        (changed(SHOPIFY, ("currencyCode",), "USDC"), "currentTotalPriceSet.shopMoney.amount"),
        # A word of tomorrow.
        (changed(SHOPIFY, ("transactions", 0, "status"), "PAUSED"), "transactions[0].status"),
        (changed(SHOPIFY, ("risk", "assessments"), [{"riskLevel": "EXTREME"}]), "risk.assessments[0].riskLevel"),
        # Another kind of thing than documented.
        (changed(SHOPIFY, ("name",), 1001.5), "name"),
        (changed(SHOPIFY, ("lineItems", "nodes", 0, "title"), ["Mug"]), "lineItems.nodes[0].title"),
        (changed(SHOPIFY, ("currentTotalPriceSet", "shopMoney", "amount"), "12.345"), "currentTotalPriceSet.shopMoney.amount"),
        # Another order than the one that was asked for.
        (changed(SHOPIFY, ("legacyResourceId",), "7"), "legacyResourceId"),
        (changed(SHOPIFY, ("fulfillments", 0, "status"), "PAUSED"), "fulfillments[0].status"),
        (changed(SHOPIFY, ("transactions", 0, "kind"), "CASHBACK"), "transactions[0].kind"),
        # Gone.
        (without(SHOPIFY, ("transactions",)), "transactions"),
        (without(SHOPIFY, ("currentTotalPriceSet",)), "currentTotalPriceSet.shopMoney.amount"),
        (without(SHOPIFY, ("taxesIncluded",)), "taxesIncluded"),
        (without(SHOPIFY, ("fulfillmentOrders", "pageInfo")), "pageInfo"),
        # More than a page of what Shopify does not page.
        (changed(SHOPIFY, ("refunds",), [{"refundLineItems": {"pageInfo": {"hasNextPage": False}, "nodes": []}}] * MOST["refunds"]), "refunds"),
        (changed(SHOPIFY, ("transactions",), SHOPIFY["transactions"][:1] * MOST["transactions"]), "transactions"),
        # A country that nobody knows.
        (changed(SHOPIFY, ("shippingAddress", "countryCodeV2"), "ZZ"), "shippingAddress.countryCodeV2"),
        (changed(SHOPIFY, ("shippingAddress", "countryCodeV2"), "Kosovo"), "shippingAddress.countryCodeV2"),
    ],
)  # fmt: skip
async def test_what_shopify_sold_is_known_and_held_with_the_field(odd: Json, field: str) -> None:
    order = await from_shopify(odd)

    assert order.unreadable is not None
    assert order.unreadable.field == field
    assert units_of(order) == units_of(await from_shopify(SHOPIFY))
    assert list(holds_of(order)) == [Hold.UNREADABLE]
    assert holds_of(order)[Hold.UNREADABLE].startswith(f"{field}: ")


_ITEM: Path = ("orderItems", 0)


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        (changed(AMAZON, ("proceeds", "grandTotal", "currencyCode"), "ANG"), "proceeds.grandTotal.amount"),
        (changed(AMAZON, ("fulfillment", "fulfillmentStatus"), "ON_HOLD"), "fulfillment.fulfillmentStatus"),
        (changed(AMAZON, ("fulfillment", "fulfilledBy"), "PARTNER"), "fulfillment.fulfilledBy"),
        (changed(AMAZON, (*_ITEM, "proceeds", "breakdowns", 0, "type"), "ENVIRONMENT_FEE"), f"orderItems[{AMAZON['orderItems'][0]['orderItemId']}].proceeds"),
        (changed(AMAZON, (*_ITEM, "product", "title"), {"en": "Knife"}), "orderItems[0].product.title"),
        (changed(AMAZON, (*_ITEM, "fulfillment"), "later"), "orderItems[0].fulfillment.quantityFulfilled"),
        (changed(AMAZON, ("orderId",), "902-2"), "orderId"),
        (without(AMAZON, ("createdTime",)), "createdTime"),
        (without(AMAZON, (*_ITEM, "orderItemId")), "orderItems[0].orderItemId"),
        (changed(AMAZON, ("recipient", "deliveryAddress", "countryCode"), "XKX"), "recipient.deliveryAddress.countryCode"),
    ],
)  # fmt: skip
async def test_what_amazon_sold_is_known_and_held_with_the_field(odd: Json, field: str) -> None:
    order = await from_amazon(odd)

    assert order.unreadable is not None
    assert order.unreadable.field == field
    assert units_of(order) == sum(item["quantityOrdered"] for item in AMAZON["orderItems"])
    assert Hold.UNREADABLE in holds_of(order)


async def test_unlike_currencies_within_one_order_do_not_make_it_absent() -> None:
    odd = changed(AMAZON, ("proceeds", "grandTotal", "currencyCode"), "EUR")

    assert (await from_amazon(odd)).unreadable is not None


async def test_an_order_that_cannot_be_read_says_still_that_it_is_cancelled() -> None:
    of_shop = changed(without(SHOPIFY, ("transactions",)), ("cancelledAt",), "2026-11-30T20:00:00Z")
    of_amazon = changed(without(AMAZON, ("createdTime",)), ("fulfillment", "fulfillmentStatus"), "CANCELLED")

    assert (await from_shopify(of_shop)).state is ChannelState.CANCELLED
    assert (await from_amazon(of_amazon)).state is ChannelState.CANCELLED


@SAMPLED
@given(odd_orders(SHOPIFY))
async def test_any_order_of_shopify_is_known_with_its_units(odd: Json) -> None:
    order = await from_shopify(odd)

    nodes = odd.get("lineItems", {})
    nodes = nodes.get("nodes") if isinstance(nodes, dict) else None
    told = [node if isinstance(node, dict) else {} for node in nodes] if isinstance(nodes, list) else []
    least = sum(
        _wanted(node, "currentQuantity", "quantity")
        for node in told
        if node.get("requiresShipping") is not False
    )
    assert units_of(order) == least


@SAMPLED
@given(odd_orders(AMAZON))
async def test_any_order_of_amazon_is_known_with_its_units(odd: Json) -> None:
    order = await from_amazon(odd)

    items = odd.get("orderItems")
    told = [item if isinstance(item, dict) else {} for item in items] if isinstance(items, list) else []
    if order.fulfilled_by != "channel":
        wanted = [_wanted(item, "quantityOrdered") for item in told]
        assert units_of(order) <= sum(wanted)
        assert len([line for line in order.lines if line.ships]) == len(told)


def _wanted(line: Json, *names: str) -> int:
    """Return the units that a line says first, one where it says none that can be read."""
    found = [units for name in names if (units := count(line.get(name))) is not None]
    return found[0] if found else 1


async def test_over_http_an_order_paid_in_a_withdrawn_currency_is_known() -> None:
    async with connected() as (stand, shop):
        placed = stand.place(
            presentment={"currency": "ANG", "prices": [23100], "shipping": 0, "tax": 0, "total": 20790},
            pay=[{"gateway": "shopify_payments", "amount": 20790, "currency": "ANG", "capture": "now"}],
        )

        order = (await shop.channel.fetch_order(number(placed))).order

    assert order.unreadable is not None
    assert order.unreadable.field == "currentTotalPriceSet.presentmentMoney.amount"
    assert order.unreadable.reason == "no amount (ValueError: unknown currency)"
    assert (order.number, [(line.listing, line.quantity) for line in order.lines]) == (
        "KK-1001",
        [("SET-KNIFE-BOARD", 1)],
    )


async def test_over_http_an_order_of_amazon_paid_in_a_withdrawn_currency_is_known() -> None:
    async with selling() as sold:
        sold.stand.amazon.place({**KARL, "currency": "ANG"})
        assert sold.ports.channel is not None

        order = (await sold.ports.channel.fetch_order("112-4000001-0000001")).order

    assert order.unreadable is not None
    assert order.unreadable.field == "proceeds.grandTotal.amount"
    assert [(line.listing, line.quantity) for line in order.lines] == [("KK-SOCKS-2PK", 1)]
