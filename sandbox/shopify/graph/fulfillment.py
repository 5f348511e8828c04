"""Fulfillment orders and fulfillments."""

from sandbox.shopify.graph import lines, stock
from sandbox.shopify.graph.values import gid, identified, page, some, when
from sandbox.shopify.keys import APP_ID, APP_TITLE
from sandbox.shopify.records import Fulfillment, FulfillmentOrder, Hold, Order, Portion
from sandbox.shopify.state import Shop
from sandbox.values import Json


def asked(shop: Shop, of: Order, it: FulfillmentOrder) -> Json:
    """A FulfillmentOrder."""
    place = shop.stock.locations[it.location]
    return {
        **identified("FulfillmentOrder", it.id),
        "status": it.status,
        "requestStatus": "UNSUBMITTED",
        "fulfillAt": when(it.created_at),
        "assignedLocation": {"location": lambda _info, _args: stock.location(place)},
        "deliveryMethod": {"id": gid("DeliveryMethod", it.id), "methodType": "SHIPPING"},
        "fulfillmentHolds": [hold(kept) for kept in it.holds],
        "lineItems": lambda _info, args: page(it.portions, lambda one: _portion(shop, of, one), args),
    }


def made(shop: Shop, of: Order, it: Fulfillment) -> Json:
    """A Fulfillment."""
    place = shop.stock.locations[it.location]
    return {
        **identified("Fulfillment", it.id),
        "status": it.status,
        "location": lambda _info, _args: stock.location(place),
        "totalQuantity": sum(gone.quantity for gone in it.portions),
        "trackingInfo": lambda _info, args: some(it.tracking, args),
        "fulfillmentLineItems": lambda _info, args: page(
            it.portions, lambda one: _portion(shop, of, one), args
        ),
    }


def hold(it: Hold) -> Json:
    """A FulfillmentHold."""
    mine = it.app == APP_TITLE
    return {
        "id": gid("FulfillmentHold", it.id),
        "displayReason": it.reason.replace("_", " ").capitalize(),
        "heldByApp": {"id": gid("App", APP_ID if mine else APP_ID + 1), "title": it.app},
        "heldByRequestingApp": mine,
        "reason": it.reason,
    }


def _portion(shop: Shop, of: Order, it: Portion) -> Json:
    """A FulfillmentOrderLineItem or a FulfillmentLineItem."""
    return {
        "id": gid("FulfillmentOrderLineItem", it.id),
        "quantity": it.quantity,
        "remainingQuantity": it.remaining,
        "lineItem": lambda _info, _args: lines.line(shop, of, of.line(it.line)),
    }
