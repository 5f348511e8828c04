"""Shopify's Admin API, as far as the connector's documents ask it."""

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.canned.order import PLACE, PRICE, Sold, text
from benchmarks.merchant import LOCATIONS, Catalogue

Json = dict[str, Any]
_SAMPLE: Json = json.loads(
    (Path(__file__).parents[2] / "mappings" / "shopify" / "sample.json").read_text(encoding="utf-8")
)
_OPERATION = re.compile(r"\b(?:query|mutation) (\w+)")
_SKUS = re.compile(r"sku:'([^']*)'")
_LAST_PAGE = {"hasNextPage": False, "endCursor": None}
OBJECT, MUTATION = 1, 10
"""Points that Shopify takes for an object of an answer, and for a change (shopify.dev, API limits, read 2026-11)."""
_DONE: Mapping[str, Json] = {
    "Subscribe": {"webhookSubscriptionCreate": {"webhookSubscription": {"id": "gid://shopify/W/1"}, "userErrors": []}},
    "Subscriptions": {"webhookSubscriptions": {"pageInfo": _LAST_PAGE, "nodes": []}},
    "ChangedOrders": {"orders": {"pageInfo": _LAST_PAGE, "nodes": []}},
    "Shop": {"shop": {"myshopifyDomain": "bench.myshopify.com"}},
    "Locations": {
        "locations": {
            "pageInfo": _LAST_PAGE,
            "nodes": [{"legacyResourceId": place, "name": name} for place, (name, _) in LOCATIONS.items()],
        }
    },
}  # fmt: skip
"""What is answered whatever is asked."""


class Points:
    """What the shop's plan allows: so many points at once, which come back at a rate."""

    def __init__(self, *, most: float, rate_per_s: float) -> None:
        self.spent = 0.0
        self._most, self._rate_per_s = most, rate_per_s
        self._left, self._at_s = most, time.monotonic()

    def take(self, cost: float) -> bool:
        """Take points, or none where there are too few."""
        now_s = time.monotonic()
        self._left = min(self._most, self._left + (now_s - self._at_s) * self._rate_per_s)
        self._at_s = now_s
        if cost > self._left:
            return False
        self._left -= cost
        self.spent += cost
        return True

    def told(self, cost: float) -> Json:
        """Return what an answer says of its cost."""
        status = {
            "maximumAvailable": self._most,
            "currentlyAvailable": int(self._left),
            "restoreRate": self._rate_per_s,
        }
        return {"cost": {"requestedQueryCost": int(cost), "throttleStatus": status}}


class Shopify:
    """Answers documents about the orders and the levels of one shop."""

    def __init__(
        self,
        catalogue: Catalogue,
        levels: dict[tuple[str, str | None], int],
        *,
        points: Points,
        order: Callable[[str], Sold],
        changed: Callable[[Sold], None],
    ) -> None:
        """Take the levels by (listing, location), what finds an order by its id, and what hears that it changed."""
        self._points = points
        self._skus = catalogue.skus
        self._levels = levels
        self._order = order
        self._changed = changed
        self._documents: Mapping[str, Callable[[Json], Json]] = {
            "Listings": self._listings,
            "ItemsBySku": self._items_by_sku,
            "Levels": self._read_levels,
            "SetLevels": self._set_levels,
            "Order": self._fetch,
            "Shipments": self._shipments,
            "Fulfill": self._fulfill,
            "Capture": self._capture,
        }

    def answer(self, body: bytes) -> bytes:
        """Return what a document brings."""
        asked = json.loads(body)
        found = _OPERATION.search(asked["query"])
        name = found[1] if found else ""
        given = asked["variables"]
        # Of each item its level is another object.
        cost = 2 * OBJECT * len(given["ids"]) if "ids" in given else MUTATION
        if not self._points.take(cost):
            throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return json.dumps({"errors": [throttled], "extensions": self._points.told(cost)}).encode()
        fields = _DONE.get(name) or self._documents[name](given)
        return json.dumps({"data": fields, "extensions": self._points.told(cost)}).encode()

    def _listings(self, _asked: Json) -> Json:
        return {"productVariants": {"pageInfo": _LAST_PAGE, "nodes": [_variant(sku) for sku in self._skus]}}

    def _items_by_sku(self, asked: Json) -> Json:
        nodes = [{"sku": sku, "inventoryItem": {"id": _item(sku)}} for sku in _SKUS.findall(asked["query"])]
        return {"productVariants": {"pageInfo": _LAST_PAGE, "nodes": nodes}}

    def _level_of(self, item: str, place: str) -> Json | None:
        units = self._levels.get((item.rpartition("/")[2], place))
        if units is None:
            return None
        return {"id": item, "inventoryLevel": {"quantities": [{"quantity": units}]}}

    def _read_levels(self, asked: Json) -> Json:
        place = asked["location"].rpartition("/")[2]
        return {"nodes": [self._level_of(item, place) for item in asked["ids"]]}

    def _set_levels(self, asked: Json) -> Json:
        for one in asked["input"]["quantities"]:
            item, place = (one[key].rpartition("/")[2] for key in ("inventoryItemId", "locationId"))
            self._levels[item, place] = one["quantity"]
        return {"inventorySetQuantities": {"userErrors": []}}

    def _fetch(self, asked: Json) -> Json:
        return {"order": _order(self._order(asked["id"]))}

    def _shipments(self, asked: Json) -> Json:
        order = self._order(asked["id"])
        sent = [{**_fulfillment(order), "location": {"id": f"gid://shopify/Location/{PLACE}"}}]
        return {"order": {"fulfillments": sent if order.shipped else []}}

    def _fulfill(self, asked: Json) -> Json:
        given = asked["fulfillment"]
        order = self._order(given["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderId"])
        order.shipped = given["trackingInfo"]["number"]
        self._changed(order)
        made = {"legacyResourceId": f"9{order.number:09}", "status": "SUCCESS"}
        return {"fulfillmentCreate": {"fulfillment": made, "userErrors": []}}

    def _capture(self, asked: Json) -> Json:
        order = self._order(asked["input"]["id"])
        order.captured = True
        self._changed(order)
        taken = {
            "id": f"gid://shopify/OrderTransaction/8{order.number:09}",
            "status": "SUCCESS",
            "errorCode": None,
        }
        return {"orderCapture": {"transaction": taken | {"amountSet": _both(order.total)}, "userErrors": []}}


def _item(sku: str) -> str:
    return f"gid://shopify/InventoryItem/{sku}"


def _variant(sku: str) -> Json:
    places = [{"location": {"legacyResourceId": place}} for place in LOCATIONS]
    return {
        "legacyResourceId": sku,
        "sku": sku,
        "displayName": sku,
        "barcode": None,
        "requiresComponents": False,
        "inventoryItem": {"id": _item(sku), "inventoryLevels": {"nodes": places}},
    }


def _both(amount: str) -> Json:
    return {"shopMoney": {"amount": amount}, "presentmentMoney": {"amount": amount, "currencyCode": "USD"}}


def _order(order: Sold) -> Json:
    """Return the sample of the mapping with this order's own parts."""
    return _SAMPLE | {
        "legacyResourceId": order.order_id,
        "name": f"#{order.number:09}",
        "processedAt": text(order.placed_at),
        "updatedAt": text(order.changed_at),
        "displayFulfillmentStatus": "FULFILLED" if order.shipped else "UNFULFILLED",
        "presentmentCurrencyCode": "USD",
        "taxesIncluded": True,
        "currentTotalPriceSet": _both(order.total),
        "currentTotalTaxSet": _both("0.0"),
        "currentTotalDutiesSet": None,
        "totalTipReceivedSet": _both("0.0"),
        "totalCashRoundingAdjustment": {"paymentSet": _both("0.0")},
        "currentTaxLines": [],
        "shippingAddress": _ADDRESS,
        "shippingLines": {"nodes": [_SHIPPING]},
        "risk": {"assessments": [{"riskLevel": "LOW"}]},
        "transactions": _transactions(order),
        "lineItems": {"pageInfo": _LAST_PAGE, "nodes": [_line(order)]},
        "fulfillmentOrders": {"pageInfo": _LAST_PAGE, "nodes": [_work(order)]},
        "fulfillments": [_fulfillment(order)] if order.shipped else [],
        "refunds": [],
    }


_ADDRESS = _SAMPLE["shippingAddress"] | {
    "address1": "1 Way",
    "city": "Portland",
    "zip": "97205",
    "provinceCode": "OR",
    "countryCodeV2": "US",
}
_SHIPPING = {
    "title": "Standard",
    **dict.fromkeys(("originalPriceSet", "discountedPriceSet", "currentDiscountedPriceSet"), _both("0.0")),
}


def _transactions(order: Sold) -> list[Json]:
    first = {
        "id": f"gid://shopify/OrderTransaction/7{order.number:09}",
        "kind": "AUTHORIZATION" if order.pays_later else "SALE",
        "status": "SUCCESS",
        "gateway": "stripe",
        "test": False,
        "receiptJson": json.dumps(
            {"id": f"ch_{order.number:024}", "payment_intent": f"pi_{order.number:024}"}
        ),
        "authorizationExpiresAt": None,
        "parentTransaction": None,
        "amountSet": _both(order.total),
    }
    if not (order.pays_later and order.captured):
        return [first]
    taken = {"id": f"gid://shopify/OrderTransaction/8{order.number:09}", "kind": "CAPTURE"}
    return [first, first | taken | {"parentTransaction": {"id": first["id"]}}]


def _line(order: Sold) -> Json:
    return {
        "id": f"gid://shopify/LineItem/6{order.number:09}",
        "title": order.sku,
        "sku": order.sku,
        "variant": {"sku": order.sku},
        "product": {"id": "gid://shopify/Product/1"},
        "quantity": order.units,
        "currentQuantity": order.units,
        "unfulfilledQuantity": 0 if order.shipped else order.units,
        "requiresShipping": True,
        "originalUnitPriceSet": {"shopMoney": {"amount": f"{PRICE}.00"}},
        "discountAllocations": [],
        "taxLines": [],
    }


def _work(order: Sold) -> Json:
    line = {
        "id": f"gid://shopify/FulfillmentOrderLineItem/4{order.number:09}",
        "remainingQuantity": order.units,
        "lineItem": {"id": f"gid://shopify/LineItem/6{order.number:09}"},
    }
    return {
        "id": f"gid://shopify/FulfillmentOrder/3{order.number:09}",
        "status": "CLOSED" if order.shipped else "OPEN",
        "fulfillAt": text(order.placed_at),
        "deliveryMethod": {"methodType": "SHIPPING"},
        "assignedLocation": {"location": {"legacyResourceId": PLACE}},
        "fulfillmentHolds": [],
        "lineItems": {"pageInfo": _LAST_PAGE, "nodes": [] if order.shipped else [line]},
    }


def _fulfillment(order: Sold) -> Json:
    sent = {"quantity": order.units, "lineItem": {"id": f"gid://shopify/LineItem/6{order.number:09}"}}
    return {
        "legacyResourceId": f"9{order.number:09}",
        "status": "SUCCESS",
        "trackingInfo": [{"company": "USPS", "number": order.shipped}],
        "fulfillmentLineItems": {"pageInfo": {"hasNextPage": False}, "nodes": [sent]},
    }
