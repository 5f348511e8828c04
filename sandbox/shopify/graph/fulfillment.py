"""Fulfillment orders and fulfillments."""

from sandbox.shopify.graph import lines, stock
from sandbox.shopify.graph.values import bag, gid, page, when
from sandbox.shopify.keys import APP_ID, APP_TITLE, CLIENT_ID
from sandbox.shopify.names import first_last, province
from sandbox.shopify.records import Fulfillment, FulfillmentOrder, Hold, Order, Portion
from sandbox.shopify.state import Shop
from sandbox.values import Json

ACTIONS = {
    "OPEN": ["CREATE_FULFILLMENT", "MOVE", "HOLD"],
    "IN_PROGRESS": ["CREATE_FULFILLMENT", "MOVE"],
    "ON_HOLD": ["RELEASE_HOLD", "HOLD"],
}


def asked(shop: Shop, of: Order, it: FulfillmentOrder) -> Json:
    """A FulfillmentOrder."""
    made_here = [made for made in of.fulfillments if it.id in made.orders]
    return {
        "__typename": "FulfillmentOrder",
        "id": gid("FulfillmentOrder", it.id),
        "status": it.status,
        "requestStatus": "UNSUBMITTED",
        "createdAt": when(it.created_at),
        "updatedAt": when(it.updated_at),
        "fulfillAt": when(it.created_at),
        "fulfillBy": None,
        "assignedLocation": _assigned(shop, it),
        "deliveryMethod": _method(of, it),
        "destination": _destination(of, it),
        "fulfillmentHolds": [hold(kept) for kept in it.holds],
        "supportedActions": [
            {"action": action, "externalUrl": None} for action in ACTIONS.get(it.status, [])
        ],
        "order": lambda info: info.context(of),
        "orderId": gid("Order", of.id),
        "orderName": of.name,
        "orderProcessedAt": when(of.created_at),
        "lineItems": lambda _info, **args: page(it.portions, lambda one: _portion(shop, of, one), args),
        "fulfillments": lambda _info, **args: page(made_here, lambda one: made(shop, of, one), args),
    }


def made(shop: Shop, of: Order, it: Fulfillment) -> Json:
    """A Fulfillment."""
    place = shop.stock.locations[it.location]
    behind = [entry for entry in of.fulfillment_orders if entry.id in it.orders]
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", it.id),
        "legacyResourceId": str(it.id),
        "name": it.name,
        "status": it.status,
        "displayStatus": "FULFILLED" if it.status == "SUCCESS" else "CANCELED",
        "createdAt": when(it.created_at),
        "updatedAt": when(it.updated_at),
        "deliveredAt": None,
        "inTransitAt": None,
        "estimatedDeliveryAt": None,
        "location": lambda _info: stock.location(shop, place),
        "order": lambda info: info.context(of),
        "requiresShipping": True,
        "service": {
            "id": gid("FulfillmentService", 1),
            "handle": "manual",
            "serviceName": "Manual",
            "type": "MANUAL",
        },
        "totalQuantity": sum(gone.quantity for gone in it.portions),
        "trackingInfo": lambda _info, **args: it.tracking[: args.get("first")],
        "fulfillmentLineItems": lambda _info, **args: page(
            it.portions, lambda one: _gone(shop, of, one), args
        ),
        "fulfillmentOrders": lambda _info, **args: page(behind, lambda one: asked(shop, of, one), args),
    }


def hold(it: Hold) -> Json:
    """A FulfillmentHold."""
    mine = it.app == APP_TITLE
    app_id = APP_ID if mine else APP_ID + 1
    return {
        "__typename": "FulfillmentHold",
        "id": gid("FulfillmentHold", it.id),
        "displayReason": it.reason.replace("_", " ").capitalize(),
        "handle": it.handle or None,
        "heldByApp": {
            "__typename": "App", "id": gid("App", app_id), "title": it.app, "handle": it.app.lower(),
            "apiKey": CLIENT_ID if mine else "another-app",
        },
        "heldByRequestingApp": mine,
        "reason": it.reason,
        "reasonNotes": it.notes,
    }  # fmt: skip


def _assigned(shop: Shop, it: FulfillmentOrder) -> Json:
    place = shop.stock.locations[it.location]
    where = place.address
    return {
        "location": lambda _info: stock.location(shop, place),
        "name": where.get("name", place.key),
        "address1": where.get("street1"),
        "address2": where.get("street2"),
        "city": where.get("city"),
        "countryCode": where.get("country"),
        "phone": where.get("phone"),
        "province": province(where.get("state")),
        "zip": where.get("zip"),
    }


def _method(of: Order, it: FulfillmentOrder) -> Json:
    return {
        "__typename": "DeliveryMethod",
        "id": gid("DeliveryMethod", it.id),
        "methodType": "SHIPPING",
        "presentedName": of.method,
        "serviceCode": of.method,
        "minDeliveryDateTime": None,
        "maxDeliveryDateTime": None,
    }


def _destination(of: Order, it: FulfillmentOrder) -> Json | None:
    if of.ship_to is None:
        return None
    first, last = first_last(of.ship_to.get("name") or "")
    return {
        "__typename": "FulfillmentOrderDestination",
        "id": gid("FulfillmentOrderDestination", it.id),
        "firstName": first,
        "lastName": last,
        "address1": of.ship_to.get("street1"),
        "address2": of.ship_to.get("street2"),
        "city": of.ship_to.get("city"),
        "company": of.ship_to.get("company"),
        "countryCode": of.ship_to.get("country"),
        "email": of.customer.email,
        "phone": of.ship_to.get("phone"),
        "province": province(of.ship_to.get("state")),
        "zip": of.ship_to.get("zip"),
    }


def _portion(shop: Shop, of: Order, it: Portion) -> Json:
    line = of.line(it.line)
    item = shop.item(line.item_id)
    return {
        "__typename": "FulfillmentOrderLineItem",
        "id": gid("FulfillmentOrderLineItem", it.id),
        "inventoryItemId": gid("InventoryItem", item.id) if item else None,
        "lineItem": lambda _info: lines.line(shop, of, line),
        "productTitle": line.title,
        "remainingQuantity": it.remaining,
        "totalQuantity": it.quantity,
        "requiresShipping": line.ships,
        "sku": line.sku,
        "variant": stock.variant(shop, item) if item else None,
        "variantTitle": None,
        "vendor": None,
    }


def _gone(shop: Shop, of: Order, it: Portion) -> Json:
    line = of.line(it.line)
    return {
        "__typename": "FulfillmentLineItem",
        "id": gid("FulfillmentLineItem", it.id),
        "quantity": it.quantity,
        "lineItem": lambda _info: lines.line(shop, of, line),
        "originalTotalSet": bag(line.unit.times(it.quantity)),
        "discountedTotalSet": bag(line.net.share(it.quantity, line.quantity)),
    }
