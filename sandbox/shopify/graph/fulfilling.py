"""Shipping and subscribing, as mutations."""

from collections.abc import Sequence

from sandbox.shopify import shipping, tracking, webhooks
from sandbox.shopify.graph import fulfillment, setup
from sandbox.shopify.graph.offered import not_offered
from sandbox.shopify.graph.values import gid, number
from sandbox.shopify.keys import APP_TITLE
from sandbox.shopify.records import FulfillmentOrder, Hold, Order
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json


def fulfillment_create(shop: Shop, args: Json) -> Json:
    """Tell a parcel: all that remains of the named fulfillment orders, or the named quantities."""
    spec = args["fulfillment"]
    groups = spec["lineItemsByFulfillmentOrder"]
    ids = [number("FulfillmentOrder", group["fulfillmentOrderId"]) for group in groups]
    found = [shop.fulfillment_order(wanted) for wanted in ids]
    pairs = [pair for pair in found if pair is not None]
    if len(pairs) != len(groups) or not pairs:
        raise Refusal("Fulfillment order does not exist.", "fulfillment")
    if len({order.id for order, _asked in pairs}) != 1:
        raise Refusal("All fulfillment orders must belong to one order", "fulfillment")
    asked = [(pair[1], _quantities(group)) for pair, group in zip(pairs, groups, strict=True)]
    made = shipping.fulfill(shop, pairs[0][0], shipping.Parcel(asked, _tracking(spec.get("trackingInfo"))))
    shop.mails += int(bool(spec.get("notifyCustomer")))
    return {"fulfillment": fulfillment.made(shop, pairs[0][0], made)}


def tracking_update(shop: Shop, args: Json) -> Json:
    """Give a parcel other tracking numbers."""
    found = shop.fulfillment(number("Fulfillment", args["fulfillmentId"]))
    if found is None:
        raise Refusal("Fulfillment does not exist.", "fulfillmentId")
    order, made = found
    shipping.retrack(shop, order, made, _tracking(args["trackingInfoInput"]))
    shop.mails += int(bool(args.get("notifyCustomer")))
    return {"fulfillment": fulfillment.made(shop, order, made)}


def fulfillment_order_move(shop: Shop, args: Json) -> Json:
    """Ask another location for all that remains."""
    order, asked = _asked(shop, args["id"])
    place = shop.location(number("Location", args["newLocationId"]))
    if place is None:
        raise Refusal("Location not found", "newLocationId", code="LOCATION_NOT_FOUND")
    moved = shipping.move(shop, order, asked, place.key)
    return {
        "movedFulfillmentOrder": fulfillment.asked(shop, order, moved),
        "originalFulfillmentOrder": fulfillment.asked(shop, order, asked),
    }


def hold(shop: Shop, args: Json) -> Json:
    """Hold a fulfillment order in the app's name."""
    order, asked = _asked(shop, args["id"], code="FULFILLMENT_ORDER_NOT_FOUND")
    spec = args["fulfillmentHold"]
    made = Hold(shop.next_id(), spec["reason"], spec.get("reasonNotes"), APP_TITLE, spec.get("handle") or "")
    shipping.hold(shop, order, asked, made)
    return {
        "fulfillmentHold": fulfillment.hold(made),
        "fulfillmentOrder": fulfillment.asked(shop, order, asked),
    }


def release_hold(shop: Shop, args: Json) -> Json:
    """Release holds by id, or all of them."""
    order, asked = _asked(shop, args["id"], code="FULFILLMENT_ORDER_NOT_FOUND")
    ids = args.get("holdIds")
    chosen = None if ids is None else [number("FulfillmentHold", each) or 0 for each in ids]
    shipping.release(shop, order, asked, holds=chosen)
    return {"fulfillmentOrder": fulfillment.asked(shop, order, asked)}


def subscribe(shop: Shop, args: Json) -> Json:
    """Subscribe to a topic."""
    entry = webhooks.subscribe(shop, args["topic"], _endpoint(args["webhookSubscription"]))
    return {"webhookSubscription": setup.subscription(entry)}


def resubscribe(shop: Shop, args: Json) -> Json:
    """Change a subscription."""
    wanted = number("WebhookSubscription", args["id"])
    entry = webhooks.resubscribe(shop, wanted, _endpoint(args["webhookSubscription"]))
    return {"webhookSubscription": setup.subscription(entry)}


def unsubscribe(shop: Shop, args: Json) -> Json:
    """End a subscription."""
    wanted = number("WebhookSubscription", args["id"])
    webhooks.unsubscribe(shop, wanted)
    return {"deletedWebhookSubscriptionId": gid("WebhookSubscription", wanted or 0)}


def _endpoint(spec: Json) -> webhooks.Endpoint:
    uri, former = spec.get("uri"), spec.get("callbackUrl")
    if uri is not None and former is not None:
        raise not_offered("An address as uri together with callbackUrl")
    if str(uri).startswith(("pubsub://", "arn:")):
        raise not_offered("A webhook to Google Pub/Sub or Amazon EventBridge")
    fields = spec.get("includeFields")
    if any("." in name for name in fields or ()):
        raise not_offered("A field inside another in includeFields")
    return webhooks.Endpoint(uri or former, tuple(fields or ()), told="includeFields" in spec)


def _asked(shop: Shop, name: str, *, code: str | None = None) -> tuple[Order, FulfillmentOrder]:
    found = shop.fulfillment_order(number("FulfillmentOrder", name))
    if found is None:
        raise Refusal("Fulfillment order does not exist.", "id", code=code)
    return found


def _quantities(group: Json) -> dict[int, int] | None:
    wanted = group.get("fulfillmentOrderLineItems")
    if wanted is None:
        return None
    return {number("FulfillmentOrderLineItem", entry["id"]) or 0: entry["quantity"] for entry in wanted}


def _tracking(spec: Json | None) -> Sequence[Json]:
    if not spec:
        return []
    number, url, numbers, urls = (spec.get(name) for name in ("number", "url", "numbers", "urls"))
    if (number is not None and numbers is not None) or (url is not None and urls is not None):
        raise not_offered("One tracking number or link together with several")
    numbers, urls = numbers or [number], urls or [url]
    if len(urls) > len(numbers):
        raise not_offered("More tracking links than numbers")
    return tracking.entries(spec.get("company"), numbers, urls)
