"""Objects by their global ids."""

from collections.abc import Callable
from typing import Final

from sandbox.shopify.graph import access, fulfillment, lines, orders, setup, stock, transactions
from sandbox.shopify.graph.asking import Asking
from sandbox.shopify.graph.offered import not_offered
from sandbox.shopify.graph.values import kind_of, number
from sandbox.values import Json

Finder = Callable[[Asking, int], Json | None]


def node(asking: Asking, name: str) -> Json | None:
    """Whatever has that global id, or nothing.

    Raises:
        GraphQLError: the id is none, of a kind that is not played, or of one that the token may not read.
    """
    kind = kind_of(name)
    if kind not in KINDS:
        raise not_offered(f"Reading a {kind} by its id")
    if not access.allowed(access.OBJECTS.get(kind, ()), asking.scopes):
        raise access.denied("nodes", access.OBJECTS[kind])
    wanted = number(kind, name)
    return None if wanted is None else KINDS[kind](asking, wanted)


def order(asking: Asking, wanted: int) -> Json | None:
    """An Order."""
    found = asking.shop.find(wanted)
    return orders.order(asking.shop, asking.shop.seen(found)) if found else None


def _customer(asking: Asking, wanted: int) -> Json | None:
    known = (it for it in asking.shop.customers.values() if it.id == wanted)
    return next(map(orders.customer, known), None)


def _fulfillment(asking: Asking, wanted: int) -> Json | None:
    found = asking.shop.fulfillment(wanted)
    return fulfillment.made(asking.shop, *found) if found else None


def _fulfillment_order(asking: Asking, wanted: int) -> Json | None:
    found = asking.shop.fulfillment_order(wanted)
    return fulfillment.asked(asking.shop, *found) if found else None


def _item(asking: Asking, wanted: int) -> Json | None:
    item = asking.shop.item(wanted)
    return stock.item(asking.shop, item) if item else None


def _line(asking: Asking, wanted: int) -> Json | None:
    pairs = ((it, line) for it in asking.shop.visible() for line in it.lines if line.id == wanted)
    return next((lines.line(asking.shop, it, line) for it, line in pairs), None)


def _location(asking: Asking, wanted: int) -> Json | None:
    place = asking.shop.location(wanted)
    return stock.location(place) if place else None


def _product(asking: Asking, wanted: int) -> Json | None:
    known = (it for it in asking.shop.stock.items.values() if it.product_id == wanted)
    return next(map(stock.product, known), None)


def _refund(asking: Asking, wanted: int) -> Json | None:
    pairs = ((it, made) for it in asking.shop.visible() for made in it.refunds if made.id == wanted)
    return next((transactions.refund(asking.shop, it, made) for it, made in pairs), None)


def _shop(asking: Asking, wanted: int) -> Json | None:
    return setup.shop(asking.shop) if wanted == 1 else None


def _subscription(asking: Asking, wanted: int) -> Json | None:
    known = asking.shop.subscriptions.get(wanted)
    return setup.subscription(known) if known else None


def _transaction(asking: Asking, wanted: int) -> Json | None:
    pairs = ((it, entry) for it in asking.shop.visible() if (entry := it.transaction(wanted)) is not None)
    return next((transactions.transaction(it, entry) for it, entry in pairs), None)


def _variant(asking: Asking, wanted: int) -> Json | None:
    known = (it for it in asking.shop.stock.items.values() if it.variant_id == wanted)
    return next((stock.variant(asking.shop, it) for it in known), None)


KINDS: Final[dict[str, Finder]] = {
    "Customer": _customer,
    "Fulfillment": _fulfillment,
    "FulfillmentOrder": _fulfillment_order,
    "InventoryItem": _item,
    "LineItem": _line,
    "Location": _location,
    "Order": order,
    "OrderTransaction": _transaction,
    "Product": _product,
    "ProductVariant": _variant,
    "Refund": _refund,
    "Shop": _shop,
    "WebhookSubscription": _subscription,
}
"""The kinds that can be read by id."""
