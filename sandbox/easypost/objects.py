"""EasyPost's objects, as values and as EasyPost shows them."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sandbox.amounts import written
from sandbox.easypost.labels import TYPES
from sandbox.easypost.rating import Offer
from sandbox.values import Json, token

HEX: Final = "0123456789abcdef"
ADDRESS_FIELDS: Final = (
    "name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email",
    "carrier_facility", "residential", "federal_tax_id", "state_tax_id",
)  # fmt: skip
ITEM_FIELDS: Final = (
    "description", "hs_tariff_number", "origin_country", "quantity", "value", "weight", "code", "manufacturer",
    "currency", "eccn", "printed_commodity_identifier",
)  # fmt: skip
CUSTOMS_FIELDS: Final = (
    "contents_explanation", "contents_type", "customs_certify", "customs_signer", "eel_pfc",
    "non_delivery_option", "restriction_comments", "restriction_type", "declaration",
)  # fmt: skip


@dataclass
class Rate:
    """One offer that can be bought."""

    id: str
    offer: Offer


@dataclass
class Scan:
    """One thing a carrier said about a parcel."""

    at: datetime
    status: str
    detail: str
    message: str


@dataclass
class Tracker:
    """What is known of one tracking number."""

    id: str
    code: str
    carrier: str
    created: datetime
    updated: datetime
    shipment: str | None
    status: str = "unknown"
    detail: str = "unknown"
    due: datetime | None = None
    live: bool = True
    is_return: bool = False
    scans: list[Scan] = field(default_factory=list)


@dataclass
class Shipment:
    """One parcel on its way to being bought."""

    id: str
    asked: Json
    created: datetime
    updated: datetime
    live: bool = True
    rates: list[Rate] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    bought: Rate | None = None
    bought_at: datetime | None = None
    forms: list[str] = field(default_factory=list)
    """The label formats that were made, the first at the purchase."""
    refund_status: str | None = None
    tracker: Tracker | None = None
    insured: Decimal | None = None
    """The value that was insured with the label, in dollars."""

    def insurance_fee(self) -> Decimal:
        """What that costs: 1.0% of the value, at least $1.00 (docs/shipments/shipping-insurance, read 2026-11)."""
        return max(self.insured / 100, Decimal(1)) if self.insured else Decimal(0)


def stamp(when: datetime) -> str:
    """EasyPost's way of writing an instant."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def mode(live: bool) -> str:  # noqa: FBT001  the one thing it says
    """EasyPost's word for what a key buys: production or test."""
    return "production" if live else "test"


def account(carrier: str) -> str:
    """The id of the account with that carrier."""
    return "ca_" + token("account", carrier, length=32, alphabet=HEX)


def shipment(one: Shipment, files: str) -> Json:
    """The shipment as the API shows it; `files` is where label files are served."""
    asked = one.asked
    fees: list[Json] = []
    if one.bought is not None:
        fees = [
            _fee("LabelFee", "0.00000", one),
            _fee("PostageFee", written(one.bought.offer.price, one.bought.offer.currency, least=5), one),
        ]
    if one.insured:
        fees.append(_fee("InsuranceFee", f"{one.insurance_fee():.5f}", one))
    tax = {"tax_identifiers": asked["tax_identifiers"]} if "tax_identifiers" in asked else {}
    addresses = {
        "to_address": _address(one, "to_address"),
        "from_address": _address(one, "from_address"),
        "return_address": _address(one, "return_address", fallback="from_address"),
        "buyer_address": _address(one, "buyer_address", fallback="to_address"),
    }
    return {
        "id": one.id, "object": "Shipment", "mode": mode(one.live), "created_at": stamp(one.created),
        "updated_at": stamp(one.updated), "is_return": bool(asked.get("is_return")), "messages": one.messages,
        "options": _options(asked.get("options") or {}), **tax,
        "reference": asked.get("reference"), "status": one.tracker.status if one.tracker else "unknown",
        "tracking_code": one.tracker.code if one.tracker else None, "batch_id": None, "batch_status": None,
        "batch_message": None, "customs_info": _customs(one), **addresses,
        "insurance": f"{one.insured:.2f}" if one.insured else None, "order_id": None,
        "parcel": _parcel(one), "postage_label": _label(one, files),
        "rates": [rate(one, each) for each in one.rates], "refund_status": one.refund_status, "scan_form": None,
        "selected_rate": rate(one, one.bought) if one.bought else None,
        "tracker": tracker(one.tracker) if one.tracker else None, "usps_zone": 4, "forms": [], "fees": fees,
    }  # fmt: skip


def rate(one: Shipment, offered: Rate) -> Json:
    """A rate as the API shows it."""
    offer = offered.offer
    price = written(offer.price, offer.currency)
    return {
        "id": offered.id, "object": "Rate", "created_at": stamp(one.created), "updated_at": stamp(one.created),
        "mode": mode(one.live), "service": offer.service, "carrier": offer.carrier, "rate": price,
        "currency": offer.currency, "retail_rate": price, "retail_currency": offer.currency, "list_rate": price,
        "list_currency": offer.currency, "billing_type": "easypost", "delivery_days": offer.days,
        "delivery_date": None, "delivery_date_guaranteed": False, "est_delivery_days": offer.days,
        "shipment_id": one.id, "carrier_account_id": account(offer.carrier),
    }  # fmt: skip


def tracker(one: Tracker) -> Json:
    """A tracker as the API shows it."""
    public = base64.b64encode(f"v1:{one.id}".encode()).decode().rstrip("=")
    return {
        "id": one.id, "object": "Tracker", "mode": mode(one.live), "tracking_code": one.code, "status": one.status,
        "status_detail": one.detail, "created_at": stamp(one.created), "updated_at": stamp(one.updated),
        "signed_by": None, "weight": None, "finalized": one.status == "delivered", "is_return": one.is_return, "est_delivery_date": stamp(one.due) if one.due else None,
        "shipment_id": one.shipment, "carrier": one.carrier,
        "tracking_details": [_scan(one, scan) for scan in one.scans], "carrier_detail": None, "fees": [],
        "public_url": f"https://track.easypost.com/{public}",
    }  # fmt: skip


def refund(one: Shipment) -> Json:
    """The request to take a label back, as an event shows it."""
    when = stamp(one.updated)
    return {
        "id": "rfnd_" + token(one.id, "refund", length=32, alphabet=HEX), "object": "Refund", "created_at": when,
        "updated_at": when, "tracking_code": one.tracker.code if one.tracker else None, "confirmation_number": None,
        "status": one.refund_status, "carrier": one.tracker.carrier if one.tracker else None, "shipment_id": one.id,
    }  # fmt: skip


def _scan(one: Tracker, scan: Scan) -> Json:
    nowhere = {"object": "TrackingLocation", **dict.fromkeys(("city", "state", "country", "zip"))}
    return {
        "object": "TrackingDetail", "message": scan.message, "description": "", "status": scan.status,
        "status_detail": scan.detail, "datetime": stamp(scan.at), "source": one.carrier, "carrier_code": "",
        "tracking_location": nowhere, "est_delivery_date": None,
    }  # fmt: skip


def _fee(kind: str, charged: str, one: Shipment) -> Json:
    refunded = one.refund_status == "refunded"
    return {"object": "Fee", "type": kind, "amount": charged, "charged": True, "refunded": refunded}


def _options(given: Json) -> Json:
    """The options as they are shown again, with EasyPost's usual ones (recorded 2025-03)."""
    printed = [{"value": value} for name, value in sorted(given.items()) if name.startswith("print_custom_")]
    lines = {"print_custom": printed} if printed else {}
    return {"currency": "USD", "payment": {"type": "SENDER"}, "date_advance": 0, **given, **lines}


def _address(one: Shipment, name: str, *, fallback: str = "") -> Json:
    given = one.asked.get(name) or one.asked.get(fallback) or {}
    made = one.created.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return {
        "id": "adr_" + token(one.id, name, length=32, alphabet=HEX), "object": "Address", "mode": mode(one.live),
        "created_at": made, "updated_at": made, "verifications": {},
        **{key: given.get(key) for key in ADDRESS_FIELDS},
    }  # fmt: skip


def _parcel(one: Shipment) -> Json:
    given = one.asked["parcel"]
    return {
        **_made(one, "prcl", "Parcel"),
        **{key: _number(given.get(key)) for key in ("length", "width", "height", "weight")},
        "predefined_package": None,
    }


def _customs(one: Shipment) -> Json | None:
    given = one.asked.get("customs_info")
    if not given:
        return None
    items = [
        {
            **_made(one, f"cstitem{place}", "CustomsItem"),
            **{key: _number(item.get(key)) for key in ITEM_FIELDS},
            "value": None if item.get("value") is None else str(_number(item["value"])),
        }
        for place, item in enumerate(given.get("customs_items") or ())
    ]
    return {
        **_made(one, "cstinfo", "CustomsInfo"),
        **{key: given.get(key) for key in CUSTOMS_FIELDS},
        "customs_items": items,
    }


def _made(one: Shipment, prefix: str, kind: str) -> Json:
    name = prefix.rstrip("0123456789") + "_" + token(one.id, prefix, length=32, alphabet=HEX)
    when = stamp(one.created)
    return {"id": name, "object": kind, "mode": mode(one.live), "created_at": when, "updated_at": when}


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _label(one: Shipment, files: str) -> Json | None:
    if one.bought_at is None:
        return None
    first = one.forms[0]
    urls = {form: f"{files}/{one.id}.{form}" for form in one.forms}
    return {
        "object": "PostageLabel", "id": "pl_" + token(one.id, "label", length=32, alphabet=HEX),
        "created_at": stamp(one.bought_at), "updated_at": stamp(one.updated), "date_advance": 0,
        "integrated_form": "none", "label_date": stamp(one.bought_at), "label_resolution": 300,
        "label_size": "4x6", "label_type": "default", "label_file_type": TYPES[first], "label_url": urls[first],
        "label_pdf_url": urls.get("pdf"), "label_zpl_url": urls.get("zpl"), "label_epl2_url": urls.get("epl2"),
        "label_file": None,
    }  # fmt: skip
