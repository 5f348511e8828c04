"""Which rate is taken, and why every other one lost: deterministic, and exact in the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from core.model.calendar import WorkCalendar
from core.model.money import Money
from core.model.shipment import JudgedRate, Quotes, Rate, RateReason

# Only these deliver to a post-office box in the United States (carriers' service guides, read 2026-11).
PO_BOX_CARRIERS = frozenset({"USPS", "UPSMailInnovations", "DHLECommerce"})
_NEVER = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a rate must meet."""

    ship_day: date
    promised: date | None
    currency: str
    po_box: bool
    at_most: Decimal | None = None
    """In major units of the rate's own currency."""
    allowed: tuple[str, ...] | None = None
    """Patterns of ``<carrier> <service>``; None: any service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Every rate with its reason; the chosen one, if any will do, and what it saved against the next."""

    rates: tuple[JudgedRate, ...]
    chosen: JudgedRate | None
    saved: Money | None


def choose(quotes: Quotes, wanted: Wanted, calendar: WorkCalendar) -> Choice:
    """Return the cheapest rate that meets the promise; ties: earlier date, then carrier name, then service name."""
    eligible: list[tuple[Rate, date | None]] = []
    judged: list[JudgedRate] = []
    for rate in quotes.rates:
        arrives = None if rate.days is None else calendar.add_working_days(wanted.ship_day, rate.days)
        reason = _why_not(rate, arrives, wanted)
        if reason is None:
            eligible.append((rate, arrives))
        else:
            judged.append(_judged(rate, arrives, reason))
    eligible.sort(key=lambda e: (e[0].price.minor, e[1] or _NEVER, e[0].carrier, e[0].service))
    first = _judged(*eligible[0], RateReason.CHOSEN) if eligible else None
    dearer = [_judged(rate, arrives, RateReason.DEARER) for rate, arrives in eligible[1:]]
    return Choice(
        rates=(*((first,) if first else ()), *dearer, *_cheapest_first(judged), *_silent(quotes)),
        chosen=first,
        saved=eligible[1][0].price - eligible[0][0].price if len(eligible) > 1 else None,
    )


def _why_not(rate: Rate, arrives: date | None, wanted: Wanted) -> RateReason | None:
    if rate.price.currency != wanted.currency:
        return RateReason.OTHER_CURRENCY
    if wanted.po_box and rate.carrier not in PO_BOX_CARRIERS:
        return RateReason.NO_PO_BOX
    if wanted.allowed is not None and not _matches(rate, wanted.allowed):
        return RateReason.NOT_ALLOWED
    if wanted.promised is not None and (arrives is None or arrives > wanted.promised):
        return RateReason.LATE
    if wanted.at_most is not None and wanted.at_most < Decimal(rate.price.text()):
        return RateReason.OVER_MAX
    return None


def _matches(rate: Rate, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(f"{rate.carrier} {rate.service}", pattern) for pattern in patterns)


def _judged(rate: Rate, arrives: date | None, reason: RateReason) -> JudgedRate:
    return JudgedRate(
        carrier=rate.carrier,
        service=rate.service,
        rate_id=rate.rate_id,
        price=rate.price,
        arrives=arrives,
        reason=reason,
    )


def _cheapest_first(judged: Sequence[JudgedRate]) -> list[JudgedRate]:
    return sorted(judged, key=lambda j: (j.price.minor if j.price else 0, j.carrier, j.service))


def _silent(quotes: Quotes) -> list[JudgedRate]:
    return [
        JudgedRate(
            carrier=carrier,
            service="*",
            rate_id=None,
            price=None,
            arrives=None,
            reason=RateReason.NO_ANSWER,
            detail=said,
        )
        for carrier, said in quotes.silent
    ]
