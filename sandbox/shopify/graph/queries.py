"""The roots an app may read."""

from collections.abc import Callable
from typing import Any

from sandbox.shopify import totals
from sandbox.shopify.graph import fulfillment, orders, search, setup, stock, transactions
from sandbox.shopify.graph.values import number, page, when
from sandbox.shopify.records import Fulfillment, FulfillmentOrder, Item, Order, Refund
from sandbox.shopify.state import Shop
from sandbox.values import Json

Root = dict[str, Any]


def roots(shop: Shop, scopes: frozenset[str]) -> Root:
    """Every field of QueryRoot."""
    return {
        "order": lambda _info, id: _order(shop, id),  # noqa: A006
        "orders": lambda _info, **args: _orders(shop, args),
        "node": lambda _info, id: node(shop, id),  # noqa: A006
        "nodes": lambda _info, ids: [node(shop, each) for each in ids],
        "location": lambda _info, id=None: node(shop, id) if id else _first_location(shop),  # noqa: A006
        "locations": lambda _info, **args: page(
            sorted(shop.stock.locations.values(), key=lambda place: place.id),
            lambda place: stock.location(shop, place),
            args,
        ),
        "productVariant": lambda _info, id: node(shop, id),  # noqa: A006
        "productVariants": lambda _info, **args: _items(shop, args, stock.variant),
        "inventoryItem": lambda _info, id: node(shop, id),  # noqa: A006
        "inventoryItems": lambda _info, **args: _items(shop, args, stock.item),
        "inventoryLevel": lambda _info, id: node(shop, id),  # noqa: A006
        "shop": lambda _info: setup.shop(shop),
        "app": lambda _info, **_args: setup.app(),
        "appInstallation": lambda _info, **_args: setup.installation(scopes),
        "currentAppInstallation": lambda _info: setup.installation(scopes),
        "webhookSubscription": lambda _info, id: node(shop, id),  # noqa: A006
        "webhookSubscriptions": lambda _info, **args: _subscriptions(shop, args),
        "job": lambda _info, id: node(shop, id),  # noqa: A006
        "fulfillmentOrder": lambda _info, id: node(shop, id),  # noqa: A006
        "fulfillmentOrders": lambda _info, **args: _fulfillment_orders(shop, args),
        "fulfillment": lambda _info, id: node(shop, id),  # noqa: A006
        "refund": lambda _info, id: node(shop, id),  # noqa: A006
        "publicApiVersions": lambda _info: [setup.version(each) for each in setup.VERSIONS],
    }


def node(shop: Shop, name: str) -> Json | None:
    """Whatever has that global id, or nothing."""
    kind = name.removeprefix("gid://shopify/").partition("/")[0]
    find: dict[str, Callable[[Shop, str], Json | None]] = {
        "Order": _order,
        "FulfillmentOrder": _fulfillment_order,
        "Fulfillment": _fulfillment,
        "Refund": _refund,
        "OrderTransaction": _transaction,
        "Location": _location,
        "InventoryItem": _item,
        "ProductVariant": _variant,
        "InventoryLevel": _level,
        "WebhookSubscription": _subscription,
        "Job": _job,
    }
    return find[kind](shop, name) if kind in find else None


def fulfillment_order(shop: Shop, name: str) -> tuple[Order, FulfillmentOrder] | None:
    """The fulfillment order of that id, with its order."""
    wanted = number("FulfillmentOrder", name)
    for order in shop.visible():
        for asked in order.fulfillment_orders:
            if asked.id == wanted:
                return order, asked
    return None


def parcel(shop: Shop, name: str) -> tuple[Order, Fulfillment] | None:
    """The fulfillment of that id, with its order."""
    wanted = number("Fulfillment", name)
    for order in shop.visible():
        for made in order.fulfillments:
            if made.id == wanted:
                return order, made
    return None


def _order(shop: Shop, name: str) -> Json | None:
    found = shop.find(number("Order", name))
    return orders.order(shop, shop.seen(found)) if found else None


def _orders(shop: Shop, args: Json) -> Json:
    found = [order for order in shop.visible() if search.fits(args.get("query"), _order_words(shop, order))]
    sort = args.get("sortKey", "PROCESSED_AT")
    keys: dict[str, Callable[[Order], list[Any]]] = {
        "UPDATED_AT": lambda order: [when(order.updated_at), order.id],
        "ID": lambda order: [order.id],
        "ORDER_NUMBER": lambda order: [order.number],
    }
    key = keys.get(sort, lambda order: [when(order.created_at), order.id])
    return page(sorted(found, key=key), lambda order: orders.order(shop, shop.seen(order)), args, key)


def _order_words(shop: Shop, it: Order) -> dict[str, search.Field]:
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


def _items(shop: Shop, args: Json, show: Callable[[Shop, Item], Json]) -> Json:
    found = [
        item
        for item in shop.stock.items.values()
        if search.fits(args.get("query"), {"sku": search.text(item.sku), "id": search.text(str(item.id))})
    ]
    return page(sorted(found, key=_item_id), lambda item: show(shop, item), args, lambda item: [item.id])


def _item_id(item: Item) -> int:
    return item.id


def _subscriptions(shop: Shop, args: Json) -> Json:
    topics, uri = args.get("topics"), args.get("uri")
    found = [
        entry
        for entry in shop.subscriptions.values()
        if (not topics or entry.topic in topics) and (not uri or entry.uri == uri)
    ]
    return page(found, setup.subscription, args, lambda entry: [entry.id])


def _fulfillment_orders(shop: Shop, args: Json) -> Json:
    found = [(order, asked) for order in shop.visible() for asked in order.fulfillment_orders]
    if not args.get("includeClosed"):
        found = [(order, asked) for order, asked in found if asked.status not in {"CLOSED", "CANCELLED"}]
    return page(found, lambda pair: fulfillment.asked(shop, *pair), args, lambda pair: [pair[1].id])


def _fulfillment_order(shop: Shop, name: str) -> Json | None:
    found = fulfillment_order(shop, name)
    return fulfillment.asked(shop, *found) if found else None


def _fulfillment(shop: Shop, name: str) -> Json | None:
    found = parcel(shop, name)
    return fulfillment.made(shop, *found) if found else None


def _refund(shop: Shop, name: str) -> Json | None:
    wanted = number("Refund", name)
    pairs: list[tuple[Order, Refund]] = [(order, made) for order in shop.visible() for made in order.refunds]
    return next((transactions.refund(shop, order, made) for order, made in pairs if made.id == wanted), None)


def _transaction(shop: Shop, name: str) -> Json | None:
    wanted = number("OrderTransaction", name)
    for order in shop.visible():
        entry = order.transaction(wanted or 0)
        if entry is not None:
            return transactions.transaction(shop, order, entry)
    return None


def _location(shop: Shop, name: str) -> Json | None:
    place = shop.location(number("Location", name))
    return stock.location(shop, place) if place else None


def _first_location(shop: Shop) -> Json:
    return stock.location(shop, next(iter(shop.stock.locations.values())))


def _item(shop: Shop, name: str) -> Json | None:
    item = shop.item(number("InventoryItem", name))
    return stock.item(shop, item) if item else None


def _variant(shop: Shop, name: str) -> Json | None:
    wanted = number("ProductVariant", name)
    found = [item for item in shop.stock.items.values() if item.variant_id == wanted]
    return stock.variant(shop, found[0]) if found else None


def _level(shop: Shop, name: str) -> Json | None:
    head, _, of = name.partition("?inventory_item_id=")
    item = shop.item(int(of)) if of.isdigit() else None
    place = shop.location(number("InventoryLevel", head))
    if item is None or place is None or place.key not in item.levels:
        return None
    return stock.level(shop, item, place.key)


def _subscription(shop: Shop, name: str) -> Json | None:
    entry = shop.subscriptions.get(number("WebhookSubscription", name) or 0)
    return setup.subscription(entry) if entry else None


def _job(shop: Shop, name: str) -> Json | None:
    wanted = number("Job", name) or 0
    return setup.job(wanted, shop.jobs[wanted]) if wanted in shop.jobs else None
