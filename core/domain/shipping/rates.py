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


def _order(rate: Rate | JudgedRate, arrives: date | None, wanted: Wanted) -> tuple[int, int, str, str]:
    price, day = rate.price.minor if rate.price else 0, (arrives or _NEVER).toordinal()
    first = (day, price) if wanted.fastest else (price, day)
    return (*first, rate.carrier, rate.service)


_BY_WISH = frozenset({
    RateReason.CHOSEN, RateReason.DEARER, RateReason.SLOWER, RateReason.LATE, RateReason.NOT_ALLOWED, RateReason.OVER_MAX,
})  # fmt: skip
"""The reasons that depend on what is wanted; the others are the carrier's, the address's or the goods'."""


def choose_again(quoted: Quoted, wanted: Wanted) -> Quoted:
    """Return the same rates judged by another wish: nobody is asked, and what a carrier would not do stays so."""
    eligible: list[JudgedRate] = []
    lost: list[JudgedRate] = []
    for rate in quoted.rates:
        if rate.price is None or rate.reason not in _BY_WISH:
            lost.append(rate)
            continue
        reason = _unwanted(rate.name, rate.price, rate.arrives, wanted)
        (eligible if reason is None else lost).append(
            rate if reason is None else rate.model_copy(update={"reason": reason})
        )
    eligible.sort(key=lambda rate: _order(rate, rate.arrives, wanted))
    beaten = RateReason.SLOWER if wanted.fastest else RateReason.DEARER
    first = eligible[0].model_copy(update={"reason": RateReason.CHOSEN}) if eligible else None
    others = [rate.model_copy(update={"reason": beaten}) for rate in eligible[1:]]
    second = eligible[1].price if len(eligible) > 1 and not wanted.fastest else None
    return quoted.model_copy(
        update={
            "rates": (*((first,) if first else ()), *others, *lost),
            "chosen": first.rate_id if first else None,
            "price": first.price if first else None,
            "saved": second - first.price if first and first.price and second else None,
            "arrives": first.arrives if first else None,
            "promised": wanted.promised,
        }
    )


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
    return _unwanted(rate.name, rate.price, arrives, wanted)


def _unwanted(name: str, price: Money, arrives: date | None, wanted: Wanted) -> RateReason | None:
    """Return why a rate at which the label can be had is not taken by what crossdock.yaml and its rules say."""
    if wanted.allowed is not None and not any(fnmatchcase(name, pattern) for pattern in wanted.allowed):
        return RateReason.NOT_ALLOWED
    if wanted.promised is not None and (arrives is None or arrives > wanted.promised):
        return RateReason.LATE
    if wanted.at_most is not None and wanted.at_most < Decimal(price.text()):
        return RateReason.OVER_MAX
    return None


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
