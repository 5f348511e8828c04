"""Amazon's Selling Partner API, as far as the connector asks it."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.answering import Answer, Request
from benchmarks.canned.order import PRICE, Sold, text
from benchmarks.merchant import Catalogue

Json = dict[str, Any]
_SAMPLE: Json = json.loads(
    (Path(__file__).parents[2] / "mappings" / "amazon" / "sample.json").read_text(encoding="utf-8")
)
ORDERS, CONFIRM = "/orders/2026-01-01/orders", "/orders/v0/orders/"


class Amazon:
    """Answers for the orders and the listings of one seller."""

    def __init__(
        self,
        catalogue: Catalogue,
        levels: dict[tuple[str, str | None], int],
        *,
        order: Callable[[str], Sold],
        changed: Callable[[Sold], None],
    ) -> None:
        """Take the levels by (listing, None), what finds an order by its id, and what hears that it changed."""
        self._listings = list(catalogue.links["market"])
        self._levels = levels
        self._order = order
        self._changed = changed

    def answer(self, request: Request) -> Answer:
        """Return what an operation brings."""
        asked = urlsplit(request.path)
        if asked.path == ORDERS:
            return _json({"orders": []})
        if asked.path.startswith(ORDERS):
            return _json({"order": _order(self._order(asked.path.rpartition("/")[2]))})
        if asked.path.startswith(CONFIRM):
            order = self._order(asked.path.split("/")[4])
            order.shipped = json.loads(request.body)["packageDetail"]["trackingNumber"]
            self._changed(order)
            return Answer(status=204)
        if request.method == "PATCH":
            return self._patched(unquote(asked.path.rpartition("/")[2]), json.loads(request.body))
        wanted = parse_qs(asked.query).get("identifiers")
        names = wanted[0].split(",") if wanted else self._listings
        return _json({"numberOfResults": len(names), "items": [self._listing(name) for name in names]})

    def _patched(self, sku: str, body: Json) -> Answer:
        self._levels[sku, None] = body["patches"][0]["value"][0]["quantity"]
        return _json({"sku": sku, "status": "ACCEPTED", "submissionId": "1", "issues": []})

    def _listing(self, sku: str) -> Json:
        summary = {
            "marketplaceId": "ATVPDKIKX0DER",
            "asin": "B000000001",
            "productType": "KNIFE",
            "itemName": sku,
            "createdDate": "2026-01-01T00:00:00Z",
        }
        units = [{"fulfillmentChannelCode": "DEFAULT", "quantity": self._levels[sku, None]}]
        return {"sku": sku, "summaries": [summary], "fulfillmentAvailability": units}


def _json(told: Json) -> Answer:
    return Answer(json.dumps(told).encode())


def _money(amount: str) -> Json:
    return {"amount": amount, "currencyCode": "USD"}


def _window(order: Sold, first_day: int, last_day: int) -> Json:
    first, last = (text(order.placed_at + timedelta(days=days)) for days in (first_day, last_day))
    return {"earliestDateTime": first, "latestDateTime": last}


def _order(order: Sold) -> Json:
    """Return the sample of the mapping with this order's own parts."""
    items = [{"type": "ITEM", "subtotal": _money(order.total)}]
    line = copy.deepcopy(_SAMPLE["orderItems"][1]) | {
        "orderItemId": f"7{order.number:013}",
        "quantityOrdered": order.units,
        "proceeds": {"proceedsTotal": _money(order.total), "breakdowns": items},
        "fulfillment": {
            "quantityFulfilled": order.units if order.shipped else 0,
            "quantityUnfulfilled": 0 if order.shipped else order.units,
        },
    }
    del line["cancellation"]
    line["product"] |= {"sellerSku": f"PAIR-{order.sku}", "price": {"unitPrice": _money(f"{PRICE}.00")}}
    package = {
        "packageReferenceId": "1",
        "packageStatus": {"status": "SHIPPED"},
        "carrier": "USPS",
        "trackingNumber": order.shipped,
        "packageItems": [{"orderItemId": line["orderItemId"], "quantity": order.units}],
    }
    # The sample's own days are past: no carrier would be in time for them.
    days = {
        "fulfillmentStatus": "SHIPPED" if order.shipped else "UNSHIPPED",
        "shipByWindow": _window(order, 0, 2),
        "deliverByWindow": _window(order, 3, 9),
    }
    return _SAMPLE | {
        "orderId": order.order_id,
        "createdTime": text(order.placed_at),
        "lastUpdatedTime": text(order.changed_at),
        "programs": [],
        "proceeds": {"grandTotal": _money(order.total), "breakdowns": items},
        "fulfillment": _SAMPLE["fulfillment"] | days,
        "orderItems": [line],
        "packages": [package] if order.shipped else [],
    }
