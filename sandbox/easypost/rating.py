"""Every carrier's price for one parcel, from the house's rate cards."""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sandbox.house import location_of, zone_of
from sandbox.values import Json

GRAMS_PER_OUNCE: Final = Decimal("28.349523125")
STEP_GRAMS: Final = 500
_PO_BOX: Final = re.compile(r"\b(p\.?\s*o\.?|post\s+office)\s*box\b", re.IGNORECASE)


@dataclass(frozen=True)
class Offer:
    """One service's price; `days` are working days."""

    carrier: str
    service: str
    price: int
    currency: str
    days: int


@dataclass(frozen=True)
class NoOffer:
    """Why one carrier offers nothing."""

    carrier: str
    message: str


def grams(ounces: Any) -> int:
    """Whole grams of a weight that arrived in ounces.

    The half-gram rounding undoes any conversion that kept at least two decimals (an error of up to 0.14 g);
    with one decimal the result may be off by 1 g, which matters only within 1 g of a multiple of 500.
    """
    return int((Decimal(str(ounces)) * GRAMS_PER_OUNCE).quantize(Decimal(1), ROUND_HALF_UP))


def is_po_box(address: Json) -> bool:
    """Whether the street lines name a post office box."""
    return any(_PO_BOX.search(str(address.get(line) or "")) for line in ("street1", "street2"))


def rate(house: Json, shipment: Json) -> tuple[list[Offer], list[NoOffer]]:
    """What every carrier offers, and what others say for offering nothing; who does not go there says nothing."""
    offers: list[Offer] = []
    without: dict[str, NoOffer] = {}
    for card in house.get("cards") or ():
        found = _offer(house, card, shipment)
        if isinstance(found, Offer):
            offers.append(found)
        elif found is not None:
            without[found.carrier] = found
    rated = {offer.carrier for offer in offers}
    return offers, [each for carrier, each in without.items() if carrier not in rated]


def ends(shipment: Json) -> tuple[Json, Json]:
    """Who sends and who receives: a return goes to its from_address (docs/insurance, read 2026-11)."""
    back = bool(shipment.get("is_return"))
    here, there = shipment["from_address"], shipment["to_address"]
    return (there, here) if back else (here, there)


def delivers_there(house: Json, offer: Offer, receiver: Json) -> bool:
    """Whether a carrier takes the parcel: some offer a rate for a post office box and refuse its label."""
    service = (offer.carrier, offer.service)
    cards = [card for card in house.get("cards") or () if (card["carrier"], card["service"]) == service]
    return not is_po_box(receiver) or any(card.get("po_box", True) for card in cards)


def _offer(house: Json, card: Json, shipment: Json) -> Offer | NoOffer | None:
    carrier = str(card["carrier"])
    sender, receiver = ends(shipment)
    zone = lane_zone(house, sender, receiver)
    if zone is None or zone not in card["step"]:
        return None
    abroad = sender.get("country") != receiver.get("country")
    wrong = _customs_fault(shipment.get("customs_info")) if abroad else None
    if wrong is not None:
        return NoOffer(carrier, wrong)
    steps = math.ceil(grams(shipment["parcel"]["weight"]) / STEP_GRAMS)
    price = card["base"] + card["step"][zone] * max(1, steps)
    return Offer(carrier, str(card["service"]), price, str(card["currency"]), int(card["days"][zone]))


def lane_zone(house: Json, sender: Json, receiver: Json) -> str | None:
    """The zone between the two; a return is rated from the warehouse it goes to."""
    here = location_of(house, sender)
    if here is not None:
        return zone_of(house, here, receiver)
    home = location_of(house, receiver)
    if home is not None:
        return zone_of(house, home, sender)
    return zone_of(house, next(iter(house["locations"])), receiver)


def _customs_fault(customs: Json | None) -> str | None:
    """What is wrong with the customs form of a parcel that goes abroad, or none."""
    if not customs or not customs.get("customs_items"):
        return "shipment.customs_info: field required"
    for place, item in enumerate(customs["customs_items"]):
        for name in ("description", "quantity", "value", "weight", "hs_tariff_number", "origin_country"):
            if item.get(name) in (None, ""):
                return f"shipment.customs_info.customs_items.{place}.{name}: field required"
    return None
