"""The roots an app may read."""

from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox.shopify import totals
from sandbox.shopify.graph import filters, fulfillment, nodes, orders, setup, stock
from sandbox.shopify.graph.asking import Asking, found
from sandbox.shopify.graph.values import kind_of, number, page, problem, when
from sandbox.shopify.records import Item, Location, Order, Subscription
from sandbox.shopify.state import Shop
from sandbox.values import Json

Info = GraphQLResolveInfo[Any]


def roots(shop: Shop) -> Json:
    """Every field of QueryRoot."""
    return {
        "order": lambda info, args: nodes.order(info.context, _number("Order", args["id"])),
        "fulfillmentOrder": lambda _info, args: _asked(shop, _number("FulfillmentOrder", args["id"])),
        "job": lambda _info, args: _job(shop, _number("Job", args["id"])),
        "nodes": lambda info, args: [_or_error(info.context, each) for each in args["ids"]],
        "orders": _orders,
        "locations": _locations,
        "productVariants": _variants,
        "shop": lambda _info, _args: setup.shop(shop),
        "currentAppInstallation": lambda info, _args: setup.installation(info.context.scopes),
        "webhookSubscriptions": _subscriptions,
    }


def _number(kind: str, name: str) -> int:
    """The number in an id.

    Raises:
        GraphQLError: the id is of another kind, or none.
    """
    wanted = number(kind, name)
    if wanted is None:
        kind_of(name)
        raise problem(f"Invalid id: {name}", "RESOURCE_NOT_FOUND")
    return wanted


def _or_error(asking: Asking, name: str) -> Json | GraphQLError | None:
    """A node, or why that one of several cannot be shown."""
    try:
        return nodes.node(asking, name)
    except GraphQLError as refused:
        return refused


def _asked(shop: Shop, wanted: int) -> Json | None:
    known = shop.fulfillment_order(wanted)
    return fulfillment.asked(shop, *known) if known else None


def _job(shop: Shop, wanted: int) -> Json | None:
    return setup.job(wanted, shop.jobs[wanted]) if wanted in shop.jobs else None


def _sorted(
    records: list[Any], keys: dict[str, Callable[[Any], list[Any]]], name: str
) -> tuple[list[Any], Any]:
    key = keys[name]
    return sorted(records, key=key), key


ORDER_KEYS: Final[dict[str, Callable[[Order], list[Any]]]] = {
    "CREATED_AT": lambda it: [when(it.created_at), it.id],
    "CURRENT_TOTAL_PRICE": lambda it: [totals.current_total(it).shop.amount, it.id],
    "CUSTOMER_NAME": lambda it: [it.customer.name.casefold(), it.id],
    "FULFILLMENT_STATUS": lambda it: [totals.fulfillment_status(it), it.id],
    "ID": lambda it: [it.id],
    "ORDER_NUMBER": lambda it: [it.number, it.id],
    "PROCESSED_AT": lambda it: [when(it.created_at), it.id],
    "TOTAL_ITEMS_QUANTITY": lambda it: [sum(line.current for line in it.lines), it.id],
    "TOTAL_PRICE": lambda it: [it.total.shop.amount, it.id],
    "UPDATED_AT": lambda it: [when(it.updated_at), it.id],
}
VARIANT_KEYS: Final[dict[str, Callable[[Item], list[Any]]]] = {
    "FULL_TITLE": lambda it: [str(it.product["title"]).casefold(), it.variant_id],
    "ID": lambda it: [it.variant_id],
    "INVENTORY_QUANTITY": lambda it: [filters.on_sale(it), it.variant_id],
    "SKU": lambda it: [it.sku.casefold(), it.variant_id],
}
LOCATION_KEYS: Final[dict[str, Callable[[Location], list[Any]]]] = {
    "ID": lambda it: [it.id],
    "NAME": lambda it: [str(it.address.get("name", it.key)).casefold(), it.id],
}
SUBSCRIPTION_KEYS: Final[dict[str, Callable[[Subscription], list[Any]]]] = {
    "CREATED_AT": lambda it: [when(it.created_at), it.id],
    "ID": lambda it: [it.id],
}


def _orders(info: Info, args: Json) -> Json:
    asking: Asking = info.context
    shown = [order for order in asking.shop.visible() if asking.shown(order)]
    listed = found(info, filters.ORDERS, shown, args)
    entries, key = _sorted(listed, ORDER_KEYS, args.get("sortKey") or "PROCESSED_AT")
    shop = asking.shop
    return page(entries, lambda order: orders.order(shop, shop.seen(order)), args, key)


def _variants(info: Info, args: Json) -> Json:
    shop: Shop = info.context.shop
    listed = found(info, filters.VARIANTS, list(shop.stock.items.values()), args)
    entries, key = _sorted(listed, VARIANT_KEYS, args.get("sortKey") or "ID")
    return page(entries, lambda item: stock.variant(shop, item), args, key)


def _locations(info: Info, args: Json) -> Json:
    places = list(info.context.shop.stock.locations.values())
    entries, key = _sorted(
        found(info, filters.LOCATIONS, places, args), LOCATION_KEYS, args.get("sortKey") or "NAME"
    )
    return page(entries, stock.location, args, key)


def _subscriptions(info: Info, args: Json) -> Json:
    topics, uri, written = args.get("topics"), args.get("uri"), args.get("format")
    kept = [
        entry
        for entry in info.context.shop.subscriptions.values()
        if (topics is None or entry.topic in topics)
        and uri in (None, entry.uri)
        and written in (None, "JSON")
    ]
    entries, key = _sorted(
        found(info, filters.SUBSCRIPTIONS, kept, args),
        SUBSCRIPTION_KEYS,
        args.get("sortKey") or "CREATED_AT",
    )
    return page(entries, setup.subscription, args, key)
