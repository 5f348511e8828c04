"""The roots an app may read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sandbox.shopify import totals
from sandbox.shopify.graph import fulfillment, orders, search, setup, stock
from sandbox.shopify.graph.values import number, page, when
from sandbox.shopify.records import Item, Order
from sandbox.shopify.state import Shop
from sandbox.values import Json

Root = dict[str, Any]
SHOWN: Final = timedelta(days=60)
"""How old an order may be for an app without `read_all_orders`."""


def roots(shop: Shop, scopes: frozenset[str]) -> Root:
    """Every field of QueryRoot."""
    places = sorted(shop.stock.locations.values(), key=lambda place: place.id)
    return {
        "order": lambda _info, id: _order(shop, number("Order", id) or 0),  # noqa: A006
        "fulfillmentOrder": lambda _info, id: node(shop, id),  # noqa: A006
        "job": lambda _info, id: node(shop, id),  # noqa: A006
        "nodes": lambda _info, ids: [node(shop, each) for each in ids],
        "orders": lambda _info, **args: _orders(shop, args, _shown_since(shop, scopes)),
        "locations": lambda _info, **args: page(places, stock.location, args),
        "productVariants": lambda _info, **args: _variants(shop, args),
        "shop": lambda _info: setup.shop(shop),
        "currentAppInstallation": lambda _info: setup.installation(scopes),
        "webhookSubscriptions": lambda _info, **args: _subscriptions(shop, args),
    }


def node(shop: Shop, name: str) -> Json | None:
    """Whatever has that global id, or nothing."""
    kind = name.removeprefix("gid://shopify/").partition("/")[0]
    wanted = number(kind, name)
    return NODES[kind](shop, wanted) if kind in NODES and wanted is not None else None


def _order(shop: Shop, wanted: int) -> Json | None:
    found = shop.find(wanted)
    return orders.order(shop, shop.seen(found)) if found else None


def _fulfillment_order(shop: Shop, wanted: int) -> Json | None:
    found = shop.fulfillment_order(wanted)
    return fulfillment.asked(shop, *found) if found else None


def _item(shop: Shop, wanted: int) -> Json | None:
    item = shop.item(wanted)
    return stock.item(shop, item) if item else None


def _job(shop: Shop, wanted: int) -> Json | None:
    return setup.job(wanted, shop.jobs[wanted]) if wanted in shop.jobs else None


NODES: dict[str, Callable[[Shop, int], Json | None]] = {
    "Order": _order,
    "FulfillmentOrder": _fulfillment_order,
    "InventoryItem": _item,
    "Job": _job,
}


def _shown_since(shop: Shop, scopes: frozenset[str]) -> datetime:
    """From when on an app is shown orders: of the last sixty days, unless it may read them all."""
    return datetime.min.replace(tzinfo=UTC) if "read_all_orders" in scopes else shop.now() - SHOWN


def _orders(shop: Shop, args: Json, since: datetime) -> Json:
    found = [
        order
        for order in shop.visible()
        if order.created_at >= since and search.fits(args.get("query"), _order_fields(shop, order))
    ]
    keys: dict[str, Callable[[Order], list[Any]]] = {
        "UPDATED_AT": lambda order: [when(order.updated_at), order.id],
        "ID": lambda order: [order.id],
        "ORDER_NUMBER": lambda order: [order.number],
    }
    key = keys.get(args.get("sortKey", ""), lambda order: [when(order.created_at), order.id])
    return page(sorted(found, key=key), lambda order: orders.order(shop, shop.seen(order)), args, key)


def _order_fields(shop: Shop, it: Order) -> dict[str, search.Field]:
    state = "cancelled" if it.cancelled_at else "closed" if it.closed_at else "open"
    return {
        "id": search.text(str(it.id)),
        "name": search.text(it.name),
        "email": search.text(it.customer.email),
        "created_at": search.instant(when(it.created_at) or ""),
        "processed_at": search.instant(when(it.created_at) or ""),
        "updated_at": search.instant(when(it.updated_at) or ""),
        "status": lambda _how, wanted: wanted in {"any", state, "not_closed" if state == "open" else ""},
        "financial_status": search.text(totals.financial_status(it, shop.now())),
        "fulfillment_status": search.text(totals.fulfillment_status(it)),
    }


def _variants(shop: Shop, args: Json) -> Json:
    def fits(item: Item) -> bool:
        fields = {"sku": search.text(item.sku), "id": search.text(str(item.id))}
        return search.fits(args.get("query"), fields)

    found = sorted(filter(fits, shop.stock.items.values()), key=lambda item: item.id)
    return page(found, lambda item: stock.variant(shop, item), args, lambda item: [item.id])


def _subscriptions(shop: Shop, args: Json) -> Json:
    topics, uri = args.get("topics"), args.get("uri")
    found = [
        entry
        for entry in shop.subscriptions.values()
        if (not topics or entry.topic in topics) and (not uri or entry.uri == uri)
    ]
    return page(found, setup.subscription, args, lambda entry: [entry.id])
