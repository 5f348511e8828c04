"""What each list can be searched by, as the vendor's schema documents it for the list's `query` argument.

A documented filter stands in one of the two tables of its list: a test reads them out of the vendor's schema.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.shopify import totals
from sandbox.shopify.graph.search import (
    Compare,
    Filter,
    Filters,
    flag,
    identity,
    instant,
    number,
    one_of,
    phrase,
    unworded,
    word,
    words_listed,
)
from sandbox.shopify.money import short
from sandbox.shopify.payloads import gateways
from sandbox.shopify.records import Fulfillment, FulfillmentOrder, Item, Location, Order, Subscription
from sandbox.shopify.state import Shop

Stocked = tuple[Item, str]
"""An item at a location."""
VARIANT_TITLE: Final = "Default Title"
"""What the vendor calls the only variant of a product."""
SHIPMENTS: Final[dict[str, frozenset[str] | str]] = {
    "unshipped": frozenset({"UNFULFILLED", "ON_HOLD", "SCHEDULED", "REQUEST_DECLINED"}),
    "shipped": "FULFILLED",
    "fulfilled": "FULFILLED",
    "partial": "PARTIALLY_FULFILLED",
    "scheduled": "SCHEDULED",
    "on_hold": "ON_HOLD",
    "unfulfilled": "UNFULFILLED",
    "request_declined": "REQUEST_DECLINED",
}
"""What is sent whole is `shipped`, what is not sent at all `unshipped`; the rest are the words of the order itself."""


def _any(words: str) -> Compare:
    return one_of(**{word: word for word in words.split()})


def on_sale(it: Item) -> int:
    """What is available of a variant at all its locations together."""
    return sum(level.available for level in it.levels.values())


def _method(it: Order) -> str:
    return "shipping" if any(line.ships for line in it.lines) else "none"


def _standing(it: Order) -> list[str]:
    if it.cancelled_at:
        return ["cancelled"]
    return ["closed"] if it.closed_at else ["open", "not_closed"]


def _places(shop: Shop, keys: Iterable[str]) -> list[int]:
    return [shop.stock.locations[key].id for key in keys]


def _words_of_order(it: Order) -> Iterable[str | None]:
    address = it.ship_to or {}
    lines = [text for line in it.lines for text in (line.sku, line.title)]
    where = [address.get(name) for name in ("street1", "street2", "city", "zip", "company")]
    return [it.name, it.customer.name, it.customer.email, *lines, *where, *it.tags]


def _words_of_variant(it: Item) -> Iterable[str | None]:
    return it.sku, it.product["title"], it.product.get("barcode"), it.product.get("vendor")


def _words_of_location(it: Location) -> Iterable[str | None]:
    return [it.address.get(name) for name in ("name", "street1", "street2", "city", "zip")]


def _of(name: str) -> Filter[Item]:
    """What the house says of a product, and nothing where it says nothing."""
    return Filter(lambda _shop, it: it.product.get(name) or "", words_listed)


def _at(name: str) -> Filter[Location]:
    return Filter(lambda _shop, it: it.address.get(name), phrase)


ORDERS: Final[Filters[Order]] = Filters(
    "orders",
    {
        "created_at": Filter(lambda _shop, it: it.created_at, instant),
        "current_total_price": Filter(lambda _shop, it: float(short(totals.current_total(it).shop)), number),
        "customer_id": Filter(lambda _shop, it: it.customer.id, identity),
        "delivery_method": Filter(
            lambda _shop, it: _method(it), _any("shipping pick_up retail local pickup_point none")
        ),
        "email": Filter(lambda _shop, it: it.customer.email, word),
        "financial_status": Filter(
            lambda shop, it: totals.financial_status(it, shop.now()).lower(),
            _any("paid pending authorized partially_paid partially_refunded refunded voided expired"),
        ),
        "fulfillment_location_id": Filter(
            lambda shop, it: _places(shop, [made.location for made in it.fulfillments]), identity
        ),
        "fulfillment_status": Filter(lambda _shop, it: totals.fulfillment_status(it), one_of(**SHIPMENTS)),
        "gateway": Filter(lambda _shop, it: gateways(it), word),
        "id": Filter(lambda _shop, it: it.id, identity),
        "name": Filter(lambda _shop, it: [it.name, it.name.removeprefix("#")], word),
        "processed_at": Filter(lambda _shop, it: it.created_at, instant),
        "return_status": Filter(
            lambda _shop, _it: "no_return",
            _any("return_requested in_progress inspection_complete returned return_failed no_return"),
        ),
        "risk_level": Filter(lambda _shop, it: it.assessed.lower(), _any("high medium low none pending")),
        "sku": Filter(lambda _shop, it: [line.sku for line in it.lines], word),
        "source_name": Filter(lambda _shop, _it: "web", word),
        "status": Filter(lambda _shop, it: _standing(it), _any("open closed cancelled not_closed")),
        "subtotal_line_items_quantity": Filter(
            lambda _shop, it: sum(line.quantity for line in it.lines), number
        ),
        "tag": Filter(lambda _shop, it: it.tags, word),
        "tag_not": Filter(lambda _shop, it: it.tags, unworded),
        "test": Filter(lambda _shop, it: it.test, flag),
        "updated_at": Filter(lambda _shop, it: it.updated_at, instant),
    },
    frozenset({
        "cart_token", "channel", "channel_id", "chargeback_status", "checkout_token", "confirmation_number",
        "credit_card_last4", "discount_code", "fraud_protection_level", "location_id",
        "metafields.{namespace}.{key}", "payment_id", "payment_provider_id", "po_number", "reference_location_id",
        "sales_channel", "source_identifier", "total_weight",
    }),
    _words_of_order,
)  # fmt: skip
VARIANTS: Final[Filters[Item]] = Filters(
    "productVariants",
    {
        "barcode": Filter(lambda _shop, it: it.product.get("barcode"), word),
        "gift_card": Filter(lambda _shop, _it: False, flag),
        "id": Filter(lambda _shop, it: it.variant_id, identity),
        "inventory_quantity": Filter(lambda _shop, it: on_sale(it), number),
        "location_id": Filter(lambda shop, it: _places(shop, it.levels), identity),
        "product_id": Filter(lambda _shop, it: it.product_id, identity),
        "product_ids": Filter(lambda _shop, it: it.product_id, words_listed),
        "product_status": Filter(lambda _shop, _it: "ACTIVE", words_listed),
        "product_type": _of("type"),
        "requires_components": Filter(lambda _shop, _it: False, flag),
        "sku": Filter(lambda _shop, it: it.sku, word),
        "tag": Filter(lambda _shop, it: list(it.product.get("tags") or ()), word),
        "tag_not": Filter(lambda _shop, it: list(it.product.get("tags") or ()), unworded),
        "taxable": Filter(lambda _shop, _it: True, flag),
        "title": Filter(lambda _shop, _it: VARIANT_TITLE, phrase),
        "vendor": _of("vendor"),
    },
    frozenset({
        "collection", "delivery_profile_id", "exclude_composite", "exclude_variants_with_components", "managed",
        "managed_by", "option1", "option2", "option3", "product_publication_status", "publishable_status",
        "published_status", "updated_at",
    }),
    _words_of_variant,
)  # fmt: skip
LOCATIONS: Final[Filters[Location]] = Filters(
    "locations",
    {
        "active": Filter(lambda _shop, _it: True, flag),
        "address1": _at("street1"),
        "address2": _at("street2"),
        "city": _at("city"),
        "country": _at("country"),
        "id": Filter(lambda _shop, it: it.id, identity),
        "legacy": Filter(lambda _shop, _it: False, flag),
        "location_id": Filter(lambda _shop, it: it.id, identity),
        "name": Filter(lambda _shop, it: it.address.get("name", it.key), phrase),
        "province": _at("state"),
        "zip": _at("zip"),
    },
    frozenset({"created_at", "geolocated", "pickup_in_store"}),
    _words_of_location,
)
"""Every location of a house is in use, and none is a fulfillment service's."""
FULFILLMENT_ORDERS: Final[Filters[FulfillmentOrder]] = Filters(
    "fulfillmentOrders",
    {
        "assigned_location_id": Filter(lambda shop, it: _places(shop, [it.location]), identity),
        "id": Filter(lambda _shop, it: it.id, identity),
        "status": Filter(
            lambda _shop, it: it.status.lower(),
            _any("open in_progress cancelled incomplete closed scheduled on_hold"),
        ),
        "updated_at": Filter(lambda _shop, it: it.updated_at, instant),
    },
    frozenset({"default"}),
)
FULFILLMENTS: Final[Filters[Fulfillment]] = Filters(
    "fulfillments",
    {
        "created_at": Filter(lambda _shop, it: it.created_at, instant),
        "updated_at": Filter(lambda _shop, it: it.updated_at, instant),
    },
)
"""Timestamps only, as the argument's own description says."""
LEVELS: Final[Filters[Stocked]] = Filters(
    "inventoryLevels",
    {
        "inventory_item_id": Filter(lambda _shop, it: it[0].id, identity),
        "updated_at": Filter(lambda _shop, it: (it[0].levels | it[0].idle)[it[1]].updated_at, instant),
    },
    frozenset({"created_at", "id", "inventory_group_id"}),
)
SUBSCRIPTIONS: Final[Filters[Subscription]] = Filters(
    "webhookSubscriptions",
    {
        "created_at": Filter(lambda _shop, it: it.created_at, instant),
        "id": Filter(lambda _shop, it: it.id, identity),
        "updated_at": Filter(lambda _shop, it: it.updated_at, instant),
    },
)
FILTERS: Final[Mapping[str, Filters[Any]]] = {
    "QueryRoot.orders": ORDERS,
    "QueryRoot.productVariants": VARIANTS,
    "QueryRoot.locations": LOCATIONS,
    "QueryRoot.webhookSubscriptions": SUBSCRIPTIONS,
    "Order.fulfillmentOrders": FULFILLMENT_ORDERS,
    "Order.fulfillments": FULFILLMENTS,
    "InventoryItem.inventoryLevels": LEVELS,
}
"""By the field that has the `query`."""
