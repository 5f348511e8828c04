"""Parcels, rates, labels, tracking."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import Field

from core.model.base import Instant, Shape, Worded
from core.model.money import Money


class VoidState(StrEnum):
    """How far the taking back of a label is."""

    ASKED = "asked"
    REJECTED = "rejected"
    DONE = "done"


class Parcel(Shape):
    """A packed box: outer size in millimetres, gross weight in grams, and which units are in it."""

    parcel_id: str
    location: str
    box: str
    size_mm: tuple[int, int, int]
    gross_g: int = Field(gt=0)
    lines: tuple[tuple[str, int], ...]
    """(order line id, units of the line)."""
    ended_early: bool = False
    """The search for boxes was cut short: a smaller box, or fewer parcels, might do (R109)."""


class CustomsItem(Shape):
    """One SKU of a line, of a parcel that leaves the country."""

    line_id: str = ""
    """Empty in rows from before it was kept."""
    sku: str
    title: str
    units: int
    value: Money
    """Of all units together."""
    weight_g: int
    """Of all units together."""
    hs: str
    origin: str


class Rate(Shape):
    """A carrier's offer for one service."""

    rate_id: str
    carrier: str
    service: str
    price: Money
    days: int | None
    """The service's working days in transit; None where the carrier gives none."""

    @property
    def name(self) -> str:
        """Carrier and service, as ``sla.services`` names them."""
        return f"{self.carrier} {self.service}"


class Quotes(Shape):
    """Every rate for one parcel, and the carriers that gave none."""

    shipment_id: str
    """The vendor's shipment: the object that a label is bought on."""
    rates: tuple[Rate, ...]
    silent: tuple[tuple[str, str], ...] = ()
    """(carrier, what it said instead of a rate)."""


class RateReason(Worded):
    """Why a rate was taken or lost."""

    CHOSEN = "chosen", "chosen"
    DEARER = "dearer", "dearer"
    SLOWER = "slower", "slower"
    LATE = "late", "later than promised"
    NO_PO_BOX = "no_po_box", "does not deliver to a PO box"
    NO_MILITARY = "no_military", "does not deliver to a military post office"
    NO_CUSTOMS = "no_customs", "wants customs data that is missing"
    OTHER_CURRENCY = "other_currency", "in another currency"
    NOT_ALLOWED = "not_allowed", "a service that the method does not allow"
    NO_ANSWER = "no_answer", "no answer"
    OVER_MAX = "over_max", "above the limit"
    REFUSED = "refused", "refused to sell the label"


class JudgedRate(Shape):
    """A rate with the date it would arrive and why it was taken or lost."""

    carrier: str
    service: str
    rate_id: str | None
    price: Money | None
    arrives: date | None
    reason: RateReason
    detail: str = ""

    @property
    def name(self) -> str:
        """Carrier and service, as ``sla.services`` names them."""
        return f"{self.carrier} {self.service}"


class Label(Shape):
    """A bought label."""

    shipment_id: str
    label_id: str
    tracking: str
    carrier: str
    service: str
    price: Money
    file_url: str
    """Where the vendor keeps the label's file; the hub fetches and stores it."""
    format: str
    tracker_id: str | None = None
    bought_at: Instant | None = None
    """When the vendor sold it; None where the vendor does not say."""


class LabelRefused(Shape):
    """The vendor will not sell this label; a value, not an error."""

    code: str
    message: str


class TrackingState(StrEnum):
    """A parcel's stage as carriers tell it, in canonical words."""

    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    RETURN_TO_SENDER = "return_to_sender"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class TrackingEvent(Shape):
    """One scan."""

    tracking: str
    state: TrackingState
    at: Instant
    estimated_delivery: Instant | None = None


class Dispatch(Shape):
    """What a channel is told of a parcel that leaves."""

    parcel_id: str
    carrier: str
    service: str
    tracking: str
    shipped_at: Instant
    location: str
    lines: tuple[tuple[str, int], ...]
    """(order line id, units)."""
    work_lines: tuple[tuple[str, str, int], ...] = ()
    """(work order id, work line id, units) where the channel has work orders."""
    work_places: tuple[tuple[str, str | None], ...] = ()
    """(work order id, the channel's own location id it is assigned to) of the work orders above."""


Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box: inner size in millimetres, own weight and largest gross weight in grams."""

    box_id: str
    inner_mm: Size
    tare_g: int
    max_g: int
