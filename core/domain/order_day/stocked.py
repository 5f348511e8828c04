"""What is there before the day begins: the order's own goods, listings, zones and rates, and nothing else of the merchant."""

import math
from collections.abc import Iterator, Sequence
from datetime import date

from core.domain.order_day import made
from core.domain.order_day.history import History, Json
from core.domain.shipping.routing import nearest_first
from core.model.address import Region
from core.model.calendar import WorkCalendar
from core.model.facts import Quoted, RateRefused
from core.model.holds import Hold
from core.model.order import Order
from core.model.shipment import JudgedRate, RateReason

STEP_G = 500
"""Grams of a step of a rate card."""
_SHOWN_MORE = 50
"""Units that a listing shows beyond those that were bought: nobody buys what a channel does not show."""
_LONGEST_DAYS = 60
_NOWHERE = "nowhere"


def given(history: History) -> Json:
    """Return what is there before the day begins."""
    found: Json = {
        "products": {
            history.sku_names[sku]: _product(history, sku, number)
            for number, sku in enumerate(history.skus, start=1)
        },
        "counts": _counts(history),
        "zones": zones(history),
        "cards": cards(history),
        "listings": {history.channel: list(_listings(history))},
    }
    return found


def lacking_customs(history: History) -> tuple[str, ...]:
    """Return the SKUs whose customs data was missing once, and is there now."""
    details = " ".join(held.detail for held in history.held(Hold.CUSTOMS_MISSING))
    named = {word.strip(",:") for word in details.split()}
    return tuple(sku for sku in history.skus if sku in named and sku in history.products)


def _product(history: History, sku: str, number: int) -> Json:
    known = history.products.get(sku)
    found: Json = {
        "title": made.product(number),
        "weight_g": 500,
        "size_mm": [100, 100, 100],
        "hs": None,
        "origin": None,
    }
    if known is None:
        return found
    found["weight_g"] = known.weight_g or 0
    found["size_mm"] = list(known.size_mm) if known.size_mm is not None else [1, 1, 1]
    if sku not in lacking_customs(history):
        found |= {"hs": known.hs, "origin": known.origin}
    return found


def _counts(history: History) -> Json:
    found: Json = {}
    for (sku, place), units in sorted(history.available.items()):
        if place in history.config.locations:
            found.setdefault(place, {})[history.sku_names[sku]] = max(0, units)
    return found


def _listings(history: History) -> Iterator[Json]:
    unlinked = {one.listing for one in history.told.lines if one.line_id in history.received.unlinked}
    for listing, of in history.links.items():
        units = sum(one.quantity for one in history.told.lines if one.listing == listing)
        row: Json = {
            "listing": history.listing_names[listing],
            "of": history.units(of) if of and listing not in unlinked else None,
        }
        if history.channel == "amz":
            by = "amazon" if history.told.fulfilled_by == "channel" else "merchant"
            yield row | {"fulfilled_by": by, "shows": units + _SHOWN_MORE}
            continue
        for place in _shown_at(history, listing):
            yield row | {"at": place, "shows": units + _SHOWN_MORE}


def _shown_at(history: History, listing: str) -> Sequence[str]:
    """Return the locations at which the shop shows a listing, the one that was asked to ship it first."""
    asked = [history.places.get(w.location or "") for w in history.told.work_orders]
    first = [place for place in asked if place is not None]
    everywhere = [*first, *history.listed_at.get(listing, ())] or list(history.config.locations)[:1]
    return list(dict.fromkeys(place for place in everywhere if place in history.config.locations))


# ---- how far, and at what price


def lane(region: Region) -> str:
    """Return a region as zones write it."""
    return (f"{region.country}-{region.state}" if region.state else region.country).upper()


def zones(history: History) -> Json:
    """Return zones in which our locations are asked in the order in which they were."""
    places = {name: (at.country, at.state) for name, at in history.config.locations.items()}
    found: Json = {name: {} for name in places}
    for rank in range(len(places)):
        for number, region in enumerate(_lanes(history)):
            order = nearest_first(region, places, history.zones)
            for name in places:
                here = [lane(region)] if order.index(name) == rank else []
                found[name][_zone(number, rank)] = here
    return found


def _lanes(history: History) -> tuple[Region, ...]:
    """Return one region of each lane."""
    return tuple({lane(region): region for region in history.regions}.values())


def _zone(number: int, rank: int) -> str:
    return f"lane{number + 1}-{rank + 1}"


def _zone_of(history: History, quote: Quoted, region: Region | None) -> str | None:
    """Return the zone that a parcel goes to, seen from where it leaves."""
    if region is None or quote.parcel.location not in history.config.locations:
        return None
    places = {name: (at.country, at.state) for name, at in history.config.locations.items()}
    lanes = [lane(one) for one in _lanes(history)]
    rank = nearest_first(region, places, history.zones).index(quote.parcel.location)
    return _zone(lanes.index(lane(region)), rank)


def cards(history: History) -> list[Json]:
    """Return rate cards that give the rates which were given, and carriers that gave none."""
    points: dict[tuple[str, str, str, str], list[tuple[int, int, int]]] = {}
    silent: dict[str, str] = {}
    for quote, region in _quoted(history):
        zone = _zone_of(history, quote, region)
        for rate in quote.rates:
            if zone is None:
                continue
            if rate.price is None:
                silent[rate.carrier] = zone
                continue
            key = (rate.carrier, rate.service, rate.price.currency, zone)
            steps = max(1, math.ceil(quote.parcel.gross_g / STEP_G))
            point = (steps, rate.price.minor, _days(history, quote, rate))
            points.setdefault(key, []).append(point)
    found = [_card(history, key, rows) for key, rows in points.items()]
    rated = {card["carrier"] for card in found}
    found += [_flat(carrier, "Any", zone) for carrier, zone in silent.items() if carrier not in rated]
    return found or [_flat("USPS", "Any", _NOWHERE if history.quotes else _zone(0, 0))]


def _quoted(history: History) -> Iterator[tuple[Quoted, Region | None]]:
    """Yield each quote with where its parcel was to go."""
    region: Region | None = None
    for fact in history.facts:
        order: Order | None = getattr(fact, "order", None)
        if order is not None and isinstance(order.ship_to, Region):
            region = order.ship_to
        if isinstance(fact, Quoted):
            yield fact, region


def _days(history: History, quote: Quoted, rate: JudgedRate) -> int:
    """Return the working days that a service takes, as its date says."""
    calendar: WorkCalendar = history.config.locations[quote.parcel.location].calendar
    ships = quote.ships or calendar.ship_day(quote.at)
    return _working_days(calendar, ships, rate.arrives) if rate.arrives is not None else 1


def _working_days(calendar: WorkCalendar, first: date, last: date) -> int:
    days, day = 0, first
    while day < last and days < _LONGEST_DAYS:
        day = calendar.working_day_after(day)
        days += 1
    return days


def _card(history: History, key: tuple[str, str, str, str], rows: list[tuple[int, int, int]]) -> Json:
    carrier, service, currency, zone = key
    base, step = _line_through(rows)
    if any(base + step * steps != price for steps, price, _ in rows):
        history.miss(f"{carrier} {service} changed its price; the day has the last one")
    return {
        "carrier": carrier,
        "service": service,
        "currency": currency,
        "base": base,
        "step": {zone: step},
        "days": {zone: rows[-1][2]},
        "po_box": _takes_boxes(history, carrier, service),
    }


def _line_through(rows: Sequence[tuple[int, int, int]]) -> tuple[int, int]:
    """Return base and step that give the last price, and the others if any can."""
    last_steps, last, _ = rows[-1]
    for steps, price, _ in rows:
        step, rest = divmod(last - price, last_steps - steps) if steps != last_steps else (0, 1)
        base = last - step * last_steps
        if rest == 0 and step >= 0 and base >= 0:
            return base, step
    return last, 0


def _takes_boxes(history: History, carrier: str, service: str) -> bool:
    refused = {(f.carrier, f.service) for f in history.facts if isinstance(f, RateRefused)}
    judged = {
        (rate.carrier, rate.service)
        for quote in history.quotes
        for rate in quote.rates
        if rate.reason is RateReason.NO_PO_BOX
    }
    return (carrier, service) not in refused | judged


def _flat(carrier: str, service: str, zone: str) -> Json:
    name, words = {"carrier": carrier, "service": service}, {"currency": "USD", "base": 500}
    return {**name, **words, "step": {zone: 0}, "days": {zone: 3}, "po_box": True}
