"""What the hub tells of each order, in the words of `then`: its units, money, holds, parcels, outcome and mails.

Everything here comes from the hub's own API: the order as it stands, and the timeline of its facts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from day.day import Day
from day.format import REASONS
from day.located_yaml import Json

TAKEN: Final = ("sale", "capture")
MAILS: Final = {
    "confirmation": "order_confirmation",
    "shipping": "shipping_confirmation",
    "cancellation": "cancellation",
}
_OUTCOMES: Final = {
    "shipped": "shipped",
    "delivered": "shipped",
    "shipped_elsewhere": "shipped_elsewhere",
    "fulfilled_by_channel": "fulfilled_by_amazon",
    "cancelled": "cancelled",
    "closed": "closed",
    "on_hold": "held",
    "awaiting_payment": "held",
}
"""By stage. An order that waits for nothing but its hour has no outcome yet."""


@dataclass(frozen=True, slots=True)
class Told:
    """An order as the hub's API shows it, and its timeline."""

    view: Json
    facts: list[Json]

    def of(self, *kinds: str) -> Iterator[Json]:
        """Yield the facts of these kinds, in order."""
        return (fact for fact in self.facts if fact["kind"] in kinds)

    @property
    def order(self) -> Json:
        """The order as its channel last told it."""
        found: Json = list(self.of("received", "changed"))[-1]["order"]
        return found

    @property
    def outcome(self) -> str | None:
        """What became of it, in one word."""
        return _OUTCOMES.get(self.view["stage"])

    @property
    def holds(self) -> list[str]:
        """Every reason it was ever held for, in order."""
        return list(dict.fromkeys(fact["reason"] for fact in self.of("held")))

    @property
    def amounts_known(self) -> bool:
        """Whether the hub could read the order whole: of another it knows no amount."""
        return self.view["total_minor"] is not None

    @property
    def total(self) -> int | None:
        """The present total in the shop's own currency; of a cancelled order that tells none, what it was until then."""
        alive = [f["order"] for f in self.of("received", "changed") if f["order"].get("state") != "cancelled"]
        found: int | None = self.view["total_minor"]
        if self.view["stage"] == "cancelled" and found == 0 and alive:
            found = alive[-1]["total"]["minor"]
        return found

    @property
    def refunds_by_hub(self) -> int:
        """How many payments went back because the hub cancelled the order."""
        cancelled = [n for n, fact in enumerate(self.facts) if fact["kind"] == "cancelled_at_channel"]
        if not cancelled:
            return 0
        before = list(Told(self.view, self.facts[: cancelled[0]]).of("received", "changed"))[-1]["order"]
        return _refunds(self.view["transactions"]) - _refunds(before["transactions"])

    @property
    def bought(self) -> list[Json]:
        """Its parcels with a label, voided ones included, in the order in which they were bought."""
        every = (*self.view["voided"], *self.view["parcels"])
        return sorted((p for p in every if p["tracking"]), key=lambda p: str(p["bought_at"]))


def _refunds(transactions: list[Json]) -> int:
    return sum(t["kind"] == "refund" and t["state"] == "succeeded" for t in transactions)


class Words:
    """How a day writes things: its clock's zone, its connections' vendors, the order of its locations."""

    def __init__(self, day: Day) -> None:
        self.day = day
        locations: Mapping[str, Json] = day.config["locations"]
        self.places = list(locations)
        self.zone = ZoneInfo(locations[self.places[0]]["timezone"])

    def zone_of(self, place: str) -> ZoneInfo:
        """Return a location's time zone."""
        return ZoneInfo(self.day.config["locations"][place]["timezone"])

    def instant(self, text: str) -> str:
        """Return an instant with the offset of the first location."""
        return datetime.fromisoformat(text).astimezone(self.zone).isoformat()

    def clock(self, text: str) -> str:
        """Return the time of day of an instant, on the clock of the first location."""
        return datetime.fromisoformat(text).astimezone(self.zone).strftime("%H:%M")

    def authority(self, name: str) -> str:
        """Return who was asked: `channel`, or the vendor of the connection."""
        return name if name == "channel" else self.day.use(name)


def order_figures(told: Told, words: Words) -> Json:
    """Return one order's figures."""
    view = told.view
    found: Json = {
        "act": words.day.act_of(ended_at(told)),
        "units": _units(told),
        "payment": payment(told, words),
        "holds": told.holds,
        "promise": next((p["promised"] for p in (*view["parcels"], *view["voided"])), None),
        "parcels": [_parcel(p, told, words) for p in _in_order(told.bought, words)],
        "outcome": told.outcome,
        "mails": mails(view["messages"]),
    }
    declared = _customs(view["parcels"])
    return found | ({"customs": declared} if declared else {})


def ended_at(told: Told) -> datetime:
    """Return when the order came to its outcome: its last label, its cancellation, its parcel from elsewhere; else its last fact."""
    ends = [f["at"] for f in told.of("label_bought", "shipped_elsewhere", "cancelled_at_channel")]
    if not ends or told.outcome in (None, "held"):
        ends = [told.facts[-1]["at"]] if told.outcome != "fulfilled_by_amazon" else [told.facts[0]["at"]]
    return datetime.fromisoformat(ends[-1])


def _units(told: Told) -> dict[str, int]:
    """Return what the order took: committed and not released again; units that left stay counted."""
    found: Counter[str] = Counter()
    for fact in told.of("units_committed", "units_released"):
        sign = 1 if fact["kind"] == "units_committed" else -1
        for a in fact["allocations"]:
            found[f"{a['sku']}@{a['location']}"] += sign * a["units"]
    return {name: units for name, units in found.items() if units}


def payment(told: Told, words: Words) -> Json:
    """Return the order's money: who was asked, what was taken and given back, in the currency the shopper paid in."""
    view, order = told.view, told.order
    moved = [t for t in view["transactions"] if t["state"] == "succeeded"]
    taken = [t["amount_minor"] for t in moved if t["kind"] in TAKEN]
    back = [t["amount_minor"] for t in moved if t["kind"] == "refund"]
    asked = sorted({words.authority(name) for name in view["payment_authorities"]}) or ["channel"]
    return {
        "authority": asked[0] if len(asked) == 1 else asked,
        "state": view["payment"],
        "captured": sum(taken),
        "authorized": sum(t["amount_minor"] for t in moved if t["kind"] == "authorization"),
        "captures": len(list(told.of("captured"))),
        "charges": taken,
        "refunds": len(back),
        "refunded": sum(back),
        "total": told.total,
        "tax_collected_by_marketplace": order["marketplace_tax"]["minor"] if told.amounts_known else None,
        "stripe_calls": _asked_of(told, words, "stripe"),
        "currency": order["total_presentment"]["currency"] if told.amounts_known else None,
    }


def _asked_of(told: Told, words: Words, vendor: str) -> int:
    """Return how often a gateway was asked about the order's payments."""
    return sum(
        words.authority(verdict["authority"]) == vendor
        for fact in told.of("payment_checked")
        for verdict in fact["verdicts"]
    )


def _in_order(parcels: list[Json], words: Words) -> list[Json]:
    return sorted(parcels, key=lambda p: (str(p["bought_at"]), words.places.index(p["location"])))


def _parcel(parcel: Json, told: Told, words: Words) -> Json:
    voided = any(parcel["parcel_id"] == p["parcel_id"] for p in told.view["voided"])
    labels = [f for f in told.of("label_bought") if f["parcel_id"] == parcel["parcel_id"]]
    return {
        "from": parcel["location"],
        "box": parcel["box"],
        "gross_g": parcel["gross_g"],
        "label_at": words.instant(parcel["bought_at"]),
        "ship_day": parcel["ship_day"],
        "saved": parcel["saved_minor"] or 0,
        "bought": len(labels),
        "carrier_code": parcel["carrier"],
        "voided": voided,
        "to": _destination(told, parcel),
        "quotes": quotes(parcel),
    }


def _customs(parcels: list[Json]) -> Json | None:
    """Return what was declared of the parcels that are on their way abroad, all together."""
    items = [item for parcel in parcels for item in parcel["customs"]]
    if not items:
        return None
    return {
        "currency": items[0]["currency"],
        "value": sum(item["value_minor"] for item in items),
        "weight_g": sum(item["weight_g"] for item in items),
        "items": [
            [i["sku"], i["units"], i["value_minor"], i["weight_g"], i["hs"], i["origin"]] for i in items
        ],
    }


def _destination(told: Told, parcel: Json) -> str | None:
    """Return country and state as the order told them when the parcel was rated."""
    place: Any = None
    for fact in told.of("received", "changed", "quoted"):
        if fact["kind"] != "quoted":
            place = fact["order"]["ship_to"]
        elif fact["parcel"]["parcel_id"] == parcel["parcel_id"]:
            break
    if not place or not place.get("country"):
        return None
    return "-".join(part for part in (place["country"], place.get("state")) if part)


def quotes(parcel: Json) -> list[list[Any]]:
    """Return every rate: the chosen one, dearer ones, then the others by reason; within each by price, date and name."""
    rates = sorted(
        parcel["rates"],
        key=lambda r: (
            REASONS.index(r["reason"]),
            r["price_minor"] or 0,
            r["arrives"] or "",
            r["carrier"],
            r["service"],
        ),
    )
    return [[r["carrier"], r["service"], r["price_minor"], r["arrives"], r["reason"]] for r in rates]


def mails(messages: list[str]) -> dict[str, int]:
    """Return how many mails of each kind were sent."""
    found = Counter(MAILS.get(about.partition(":")[0], about) for about in messages)
    return dict(found)
