"""Which rate is taken, and why every other one lost: deterministic, and exact in the minor unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from core.domain.shipping.destinations import why_not_served
from core.model.address import Region
from core.model.calendar import WorkCalendar
from core.model.facts import Quoted, RateRefused
from core.model.money import Money
from core.model.shipment import JudgedRate, Quotes, Rate, RateReason

_NEVER = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a rate must meet."""

    ship_day: date
    promised: date | None
    currency: str
    to: Region | None = None
    """Where the parcel goes; None: every carrier delivers there."""
    only: frozenset[str] | None = None
    """The carriers that need no customs form, where the data for one is missing; None: any carrier."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """``<carrier> <service>`` -> the code with which its label of this parcel was refused."""
    at_most: Decimal | None = None
    """In major units of the rate's own currency."""
    allowed: tuple[str, ...] | None = None
    """Patterns of ``<carrier> <service>``; None: any service."""
    fastest: bool = False
    """The earliest to arrive is wanted, the cheapest of these; else the cheapest, the earliest of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Every rate with its reason; the chosen one, if any will do, and what it saved against the next."""

    rates: tuple[JudgedRate, ...]
    chosen: JudgedRate | None
    saved: Money | None


def choose(quotes: Quotes, wanted: Wanted, calendar: WorkCalendar) -> Choice:
    """Return the cheapest rate that meets the promise, or the fastest; ties: earlier date or price, then carrier, then service."""
    eligible: list[tuple[Rate, date | None]] = []
    judged: list[JudgedRate] = []
    for rate in quotes.rates:
        arrives = None if rate.days is None else calendar.add_working_days(wanted.ship_day, rate.days)
        reason = _why_not(rate, arrives, wanted)
        if reason is None:
            eligible.append((rate, arrives))
        else:
            judged.append(_judged(rate, arrives, reason, wanted.refused.get(rate.name, "")))
    eligible.sort(key=lambda e: _order(e[0], e[1], wanted))
    first = _judged(*eligible[0], RateReason.CHOSEN) if eligible else None
    lost = RateReason.SLOWER if wanted.fastest else RateReason.DEARER
    others = [_judged(rate, arrives, lost) for rate, arrives in eligible[1:]]
    saves = len(eligible) > 1 and not wanted.fastest
    return Choice(
        rates=(*((first,) if first else ()), *others, *_cheapest_first(judged), *_silent(quotes)),
        chosen=first,
        saved=eligible[1][0].price - eligible[0][0].price if saves else None,
    )


def _order(rate: Rate, arrives: date | None, wanted: Wanted) -> tuple[int, int, str, str]:
    price, day = rate.price.minor, (arrives or _NEVER).toordinal()
    first = (day, price) if wanted.fastest else (price, day)
    return (*first, rate.carrier, rate.service)


def without(quoted: Quoted, refused: RateRefused) -> Quoted:
    """Return the quotes with one rate's refusal noted and the next best chosen; none is where none is left (R73)."""
    rest = [r for r in quoted.rates if r.rate_id != refused.rate_id]
    lost = [
        r.model_copy(update={"reason": RateReason.REFUSED, "detail": refused.code})
        for r in quoted.rates
        if r.rate_id == refused.rate_id
    ]
    eligible = [r for r in rest if r.reason in (RateReason.DEARER, RateReason.SLOWER)]
    first, second = (*eligible, None, None)[:2]
    chosen = first.model_copy(update={"reason": RateReason.CHOSEN}) if first is not None else None
    others = [r for r in rest if r is not first]
    saved = None
    if first and second and first.price and second.price and second.reason is RateReason.DEARER:
        saved = second.price - first.price
    return quoted.model_copy(
        update={
            "rates": (*((chosen,) if chosen else ()), *others, *lost),
            "chosen": chosen.rate_id if chosen else None,
            "price": chosen.price if chosen else None,
            "saved": saved,
            "arrives": chosen.arrives if chosen else None,
        }
    )


def _why_not(rate: Rate, arrives: date | None, wanted: Wanted) -> RateReason | None:
    if rate.price.currency != wanted.currency:
        return RateReason.OTHER_CURRENCY
    unserved = why_not_served(rate.carrier, wanted.to) if wanted.to is not None else None
    if unserved is not None:
        return unserved
    if wanted.only is not None and rate.carrier not in wanted.only:
        return RateReason.NO_CUSTOMS
    if rate.name in wanted.refused:
        return RateReason.REFUSED
    if wanted.allowed is not None and not _matches(rate, wanted.allowed):
        return RateReason.NOT_ALLOWED
    if wanted.promised is not None and (arrives is None or arrives > wanted.promised):
        return RateReason.LATE
    if wanted.at_most is not None and wanted.at_most < Decimal(rate.price.text()):
        return RateReason.OVER_MAX
    return None


def _matches(rate: Rate, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(rate.name, pattern) for pattern in patterns)


def _judged(rate: Rate, arrives: date | None, reason: RateReason, detail: str = "") -> JudgedRate:
    return JudgedRate(
        carrier=rate.carrier,
        service=rate.service,
        rate_id=rate.rate_id,
        price=rate.price,
        arrives=arrives,
        reason=reason,
        detail=detail if reason is RateReason.REFUSED else "",
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
