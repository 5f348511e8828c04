"""Rates, labels and tracking."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.easypost.client import Answer, EasyPostApi
from connectors.easypost.errors import EXISTS, REFUSALS, VOID_REFUSALS, plain, readable
from connectors.easypost.units import inches, ounces
from core.errors import ConnectorError, OutcomeUnknownError, RejectedError
from core.model.address import Address
from core.model.money import Money
from core.model.payment import Movement, MovementState
from core.model.shipment import (
    CustomsItem,
    Label,
    LabelRefused,
    Parcel,
    Quotes,
    Rate,
    TrackingEvent,
    TrackingState,
)

STATES: Mapping[str, TrackingState] = {
    "unknown": TrackingState.UNKNOWN,
    "pre_transit": TrackingState.PRE_TRANSIT,
    "in_transit": TrackingState.IN_TRANSIT,
    "out_for_delivery": TrackingState.OUT_FOR_DELIVERY,
    "available_for_pickup": TrackingState.OUT_FOR_DELIVERY,
    "delivered": TrackingState.DELIVERED,
    "return_to_sender": TrackingState.RETURN_TO_SENDER,
    "failure": TrackingState.FAILURE,
    "cancelled": TrackingState.FAILURE,
    "error": TrackingState.FAILURE,
}
"""EasyPost's tracking statuses in our words; one that is new to us is UNKNOWN."""

_VOIDS: Mapping[str, MovementState] = {
    "submitted": MovementState.PENDING,
    "refunded": MovementState.DONE,
    "rejected": MovementState.DECLINED,
    "not_applicable": MovementState.DONE,
}
"""How a refund stands. ``not_applicable``: a carrier that bills by scan; a repeat changes nothing (docs.easypost.com, 2026-11)."""
_FILES = (("ZPL", "label_zpl_url"), ("PDF", "label_pdf_url"), ("EPL2", "label_epl2_url"))
_TYPES = {"image/png": "PNG", "application/pdf": "PDF", "application/zpl": "ZPL", "application/epl2": "EPL2"}


class EasyPostCarrier:
    """Every carrier that the account has, behind one key."""

    def __init__(self, connection: str, api: EasyPostApi, *, customs_signer: str = "") -> None:
        self._connection = connection
        self._api = api
        self._signer = customs_signer

    async def quote(
        self,
        *,
        reference: str,
        parcel: Parcel,
        sender: Address,
        recipient: Address,
        customs: Sequence[CustomsItem],
        budget_s: float,
        exemption: str = "",
    ) -> Quotes:
        """Rate the parcel with every carrier; EasyPost names those that gave no rate, and we pass their words on."""
        shipment = {
            "reference": reference,
            "from_address": _address(sender),
            "to_address": _address(recipient),
            "parcel": _parcel(parcel),
        }
        if customs:
            shipment["customs_info"] = _customs(
                customs, signer=self._signer or sender.name, exemption=exemption
            )
        answer = await self._api.create_shipment(shipment, budget_s=budget_s)
        hide = (recipient.name, recipient.street1, recipient.street2, recipient.zip, recipient.phone)
        with readable("shipment", connection=self._connection):
            rates, spoilt = _rates(answer["rates"])
            messages = [*spoilt, *(answer.get("messages") or ())]
            return Quotes(
                shipment_id=answer["id"],
                rates=rates,
                silent=_silent(messages, {rate.carrier for rate in rates}, hide),
            )

    async def buy(self, shipment_id: str, rate_id: str, *, label_format: str) -> Label | LabelRefused:
        """Buy the label of a rate; where the shipment has one already, return that one."""
        try:
            answer = await self._api.buy_shipment(shipment_id, rate_id)
        except RejectedError as error:
            if error.code == EXISTS:
                return await self._bought_before(shipment_id)
            if error.code in REFUSALS:
                return LabelRefused(code=error.code or "", message=f"{_hint(error.code or '')} ({error})")
            raise
        with readable("shipment", connection=self._connection, acted=True):
            label = _label(answer)
        if label is None:
            raise OutcomeUnknownError("bought, and no label came", connection=self._connection)
        return await self._as_wanted(label, label_format.upper())

    async def find_label(self, shipment_id: str, *, label_format: str | None = None) -> Label | None:
        """Return the label that was bought on the shipment, if one was; its file in a format, where one is wanted."""
        answer = await self._api.retrieve_shipment(shipment_id)
        with readable("shipment", connection=self._connection):
            label = _label(answer)
        return (
            label
            if label is None or label_format is None
            else await self._as_wanted(label, label_format.upper())
        )

    async def sold_labels(self, begins: str, since: datetime) -> tuple[tuple[str, Label], ...]:
        """Return (reference, label) of what was bought since under such a reference; what a refund was asked for is left out."""
        found: list[tuple[str, Label]] = []
        before: str | None = None
        while True:
            answer = await self._api.sold_shipments(since, before)
            with readable("shipments", connection=self._connection):
                shipments = answer["shipments"]
                found += [
                    (each["reference"], label)
                    for each in shipments
                    if (each.get("reference") or "").startswith(begins)
                    and each.get("refund_status") in (None, "rejected")
                    and (label := _label(each)) is not None
                ]
                if not answer["has_more"] or not shipments:
                    return tuple(found)
                before = shipments[-1]["id"]

    async def void(self, shipment_id: str) -> Movement:
        """Ask for the label's price back; the carrier says yes or no later, and asking twice is one request."""
        try:
            answer = await self._api.refund_shipment(shipment_id)
        except RejectedError as error:
            if error.code not in VOID_REFUSALS:
                raise
            # Asked before, or scanned already: the shipment itself says which.
            answer = await self._api.retrieve_shipment(shipment_id)
            with readable("shipment", connection=self._connection):
                if answer.get("refund_status") is None:
                    return Movement(state=MovementState.DECLINED, code=error.code)
        with readable("shipment", connection=self._connection, acted=True):
            return _void(answer)

    async def find_void(self, shipment_id: str) -> Movement:
        """Return what became of a label's price that was asked back."""
        answer = await self._api.retrieve_shipment(shipment_id)
        with readable("shipment", connection=self._connection):
            return _void(answer)

    async def fetch_file(self, url: str) -> bytes:
        """Return the label's file."""
        return await self._api.download(url)

    async def fetch_tracking(self, tracker_id: str) -> tuple[TrackingEvent, ...]:
        """Return every scan so far, oldest first."""
        answer = await self._api.retrieve_tracker(tracker_id)
        with readable("tracker", connection=self._connection):
            return _scans(answer)

    async def _bought_before(self, shipment_id: str) -> Label:
        label = await self.find_label(shipment_id)
        if label is None:
            raise OutcomeUnknownError("bought before, and shows no label yet", connection=self._connection)
        return label

    async def _as_wanted(self, label: Label, label_format: str) -> Label:
        """Return the label with its file in the wanted format; a label that cannot be turned into it is good as it is."""
        if label.format == label_format:
            return label
        try:
            answer = await self._api.label_shipment(label.shipment_id, label_format)
        except ConnectorError:
            return label  # it is bought: no trouble with its file may hide that
        with readable("shipment", connection=self._connection, acted=True):
            return _label(answer) or label


def _address(address: Address) -> Answer:
    told = {
        "name": address.name,
        "company": address.company,
        "street1": address.street1,
        "street2": address.street2,
        "city": address.city,
        "state": address.state,
        "zip": address.zip,
        "country": address.country,
        "phone": address.phone,
    }
    return {part: text for part, text in told.items() if text}


def _parcel(parcel: Parcel) -> Answer:
    length, width, height = sorted(parcel.size_mm, reverse=True)
    return {
        # JSON numbers: the API takes measures as such. Amounts of money go as text.
        "length": float(inches(length)),
        "width": float(inches(width)),
        "height": float(inches(height)),
        "weight": float(ounces(parcel.gross_g)),
    }


def _customs(items: Sequence[CustomsItem], *, signer: str, exemption: str) -> Answer:
    return {
        "contents_type": "merchandise",
        "contents_explanation": "",
        "restriction_type": "none",
        "non_delivery_option": "return",
        **({"eel_pfc": exemption} if exemption else {}),
        "customs_certify": True,
        "customs_signer": signer,
        "customs_items": [
            {
                "description": item.title,
                "quantity": item.units,
                "value": item.value.text(),
                "currency": item.value.currency,
                "weight": float(ounces(item.weight_g)),
                "hs_tariff_number": item.hs.replace(".", ""),
                "origin_country": item.origin,
                "code": item.sku,
            }
            for item in items
        ],
    }


def _rates(told: Sequence[Answer]) -> tuple[tuple[Rate, ...], list[Answer]]:
    """Return the rates, and a message for each whose price cannot be read: one carrier must not spoil the others."""
    rates: list[Rate] = []
    spoilt: list[Answer] = []
    for rate in told:
        try:
            rates.append(_rate(rate))
        except ValueError:
            spoilt.append({"carrier": rate["carrier"], "message": "its price cannot be read"})
    return tuple(rates), spoilt


def _rate(rate: Answer) -> Rate:
    days = rate.get("delivery_days") or rate.get("est_delivery_days")
    return Rate(
        rate_id=rate["id"],
        carrier=rate["carrier"],
        service=rate["service"],
        price=_price(rate),
        days=int(days) if days is not None else None,
    )


def _void(shipment: Answer) -> Movement:
    """Return how far a label's refund is."""
    told = shipment["refund_status"]
    return Movement(
        state=_VOIDS[told],
        reference=shipment["id"],
        amount=_price(shipment["selected_rate"]),
        code=told if told in ("rejected", "not_applicable") else None,
    )


def _price(rate: Answer) -> Money:
    """Return a rate's price: text of a decimal number, to the cent or with zeros behind."""
    return Money.parse(str(rate["rate"]), rate["currency"])


def _silent(messages: Sequence[Any], rated: set[str], hide: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the carriers that gave no rate at all, each once, with what was said for them."""
    told: dict[str, str] = {}
    for message in messages:
        carrier = message.get("carrier") if isinstance(message, dict) else None
        if isinstance(carrier, str) and carrier not in rated:
            told.setdefault(carrier, plain(message.get("message"), hide=hide) or "no rate")
    return tuple(told.items())


def _label(shipment: Answer) -> Label | None:
    postage = shipment.get("postage_label")
    if postage is None:
        return None
    rate = shipment["selected_rate"]
    file_format, url = _file(postage)
    return Label(
        shipment_id=shipment["id"],
        label_id=postage["id"],
        tracking=shipment["tracking_code"],
        carrier=rate["carrier"],
        service=rate["service"],
        price=_price(rate),
        file_url=url,
        format=file_format,
        tracker_id=(shipment.get("tracker") or {}).get("id"),
        bought_at=_instant(postage.get("created_at")) or _instant(postage.get("label_date")),
    )


def _file(postage: Answer) -> tuple[str, str]:
    """Return the label's format and address: one that was asked for besides is preferred to the one it was bought in."""
    for file_format, part in _FILES:
        if postage.get(part):
            return file_format, str(postage[part])
    return _TYPES.get(postage.get("label_file_type") or "", "PNG"), str(postage["label_url"])


def _scans(tracker: Answer) -> tuple[TrackingEvent, ...]:
    expected = _instant(tracker.get("est_delivery_date"))
    scans = [
        TrackingEvent(
            tracking=tracker["tracking_code"],
            state=STATES.get(detail.get("status") or "unknown", TrackingState.UNKNOWN),
            at=at,
            estimated_delivery=_instant(detail.get("est_delivery_date")) or expected,
        )
        for detail in tracker.get("tracking_details") or ()
        if (at := _instant(detail.get("datetime"))) is not None
    ]
    return tuple(sorted(scans, key=lambda scan: scan.at))


def _instant(text: Any) -> datetime | None:
    if not isinstance(text, str) or not text:
        return None
    at = datetime.fromisoformat(text)
    return (
        at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    )  # EasyPost tells UTC where it tells no zone


def _hint(code: str) -> str:
    """Return what to look at, by the code's first words."""
    for start, hint in _HINTS.items():
        if code.startswith(start):
            return hint
    return "the carrier refused to sell this label; try another service"


_HINTS: Mapping[str, str] = {
    "SHIPMENT.CUSTOMS_INFO": "customs data is missing; give every SKU a HS code, a country of origin and a title",
    "CUSTOMS_": "customs data is wrong; look at each SKU's HS code, country of origin, value and weight",
    "ADDRESS.": "an address is not complete or not known; look at street, postcode, state and phone number",
    "PARCEL.": "the parcel's size or weight is not allowed; look at the box",
    "SHIPMENT.POSTAGE.ASCII": "the carrier's label takes plain letters only; look at the address",
    "SHIPMENT.RATE": "the rate is no longer offered; rate the parcel again",
    "SHIPMENT.MISSING_RATE": "the rate is no longer offered; rate the parcel again",
}
