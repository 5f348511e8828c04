"""EasyPost's API, as far as the connector asks it: shipments, labels, trackers."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.answering import Answer, Request
from benchmarks.canned.order import Sold, text

Json = dict[str, Any]
SHIPMENTS, TRACKERS, FILES = "/v2/shipments", "/v2/trackers/", "/labels/"
_RATES = (
    ("USPS", "GroundAdvantage", "5.90", 3),
    ("UPS", "Ground", "8.30", 4),
    ("FedEx", "FEDEX_2_DAY", "14.60", 2),
)
_LABEL = Answer(b"\x89PNG" + bytes(4096), kind="image/png")
_ADDRESS: Json = {
    "id": "adr_1",
    "object": "Address",
    "mode": "production",
    "name": "Ann",
    "company": None,
    "street1": "1 Way",
    "street2": None,
    "city": "Portland",
    "state": "OR",
    "zip": "97205",
    "country": "US",
    "phone": None,
    "email": None,
    "residential": None,
    "verifications": {},
}


class EasyPost:
    """Answers for the parcels of one account."""

    def __init__(
        self, *, order: Callable[[str], Sold], labelled: Callable[[Sold], None], seen: Callable[[Sold], None]
    ) -> None:
        """Take what finds an order by its id, and what hears that its label's file and its scans were fetched."""
        self._order = order
        self._labelled = labelled
        self._seen = seen
        self.url = ""
        """Where label files are served."""

    def answer(self, request: Request) -> Answer:
        """Return what an endpoint brings."""
        path = request.path.partition("?")[0]
        if path.startswith(FILES):
            self._labelled(self._order(path.rpartition("/")[2].removesuffix(".png")))
            return _LABEL
        if path.startswith(TRACKERS):
            order = self._order(path.rpartition("/")[2])
            answer = _json(_tracker(order))
            self._seen(order)
            return answer
        if path != SHIPMENTS:
            order = self._order(path.split("/")[3])
            order.bought = order.bought or path.endswith("/buy")
            return _json(self._shipment(order))
        if request.method == "GET":
            return _json({"shipments": [], "has_more": False})
        reference = json.loads(request.body)["shipment"]["reference"]
        return _json(self._shipment(self._order(reference.partition("/")[0])) | {"reference": reference})

    def _shipment(self, order: Sold) -> Json:
        rates = [_rate(order, place) for place in range(len(_RATES))]
        label = {
            "object": "PostageLabel",
            "id": f"pl_{order.number:032}",
            "created_at": text(order.placed_at),
            "label_date": text(order.placed_at),
            "label_file_type": "image/png",
            "label_size": "4x6",
            "label_url": f"{self.url}{FILES}{order.shipment}.png",
        }
        return {
            "id": order.shipment,
            "object": "Shipment",
            "mode": "production",
            "created_at": text(order.placed_at),
            "updated_at": text(order.placed_at),
            "messages": [],
            "options": {"currency": "USD", "payment": {"type": "SENDER"}, "date_advance": 0},
            "status": "unknown",
            "tracking_code": _code(order) if order.bought else None,
            "to_address": _ADDRESS,
            "from_address": _ADDRESS,
            "return_address": _ADDRESS,
            "buyer_address": _ADDRESS,
            "parcel": {"object": "Parcel", "length": 7.9, "width": 7.9, "height": 3.9, "weight": 12.3},
            "postage_label": label if order.bought else None,
            "rates": rates,
            "refund_status": None,
            "selected_rate": rates[0] if order.bought else None,
            "tracker": _tracker(order) if order.bought else None,
            "fees": [],
        }


def _json(told: Json) -> Answer:
    return Answer(json.dumps(told).encode())


def _code(order: Sold) -> str:
    return f"9400{order.number:018}"


def _rate(order: Sold, place: int) -> Json:
    carrier, service, price, days = _RATES[place]
    return {
        "id": f"rate_{place}_{order.number:032}",
        "object": "Rate",
        "created_at": text(order.placed_at),
        "updated_at": text(order.placed_at),
        "mode": "production",
        "service": service,
        "carrier": carrier,
        "rate": price,
        "currency": "USD",
        "retail_rate": price,
        "list_rate": price,
        "billing_type": "easypost",
        "delivery_days": days,
        "est_delivery_days": days,
        "shipment_id": order.shipment,
        "carrier_account_id": "ca_1",
    }


def _tracker(order: Sold) -> Json:
    scans = [
        {
            "object": "TrackingDetail",
            "message": status,
            "status": status,
            "datetime": text(at),
            "source": "USPS",
        }
        for status, at in order.scans
    ]
    return {
        "id": f"trk_{order.number:032}",
        "object": "Tracker",
        "mode": "production",
        "tracking_code": _code(order),
        "status": order.scans[-1][0] if order.scans else "unknown",
        "created_at": text(order.placed_at),
        "updated_at": text(order.placed_at),
        "est_delivery_date": None,
        "shipment_id": order.shipment,
        "carrier": "USPS",
        "tracking_details": scans,
    }
