"""Which services a shipping method may go by: worked out by hand, rate by rate (R95)."""

from datetime import date
from decimal import Decimal

import pytest

from core.domain.shipping.rates import Wanted, choose
from core.model.address import Region
from core.model.money import Money
from core.model.shipment import Quotes, Rate
from tests.builders import location

BOX = Region(country="US", state="OR", po_box=True)
MONDAY = date(2026, 11, 30)
RENO = location().calendar


def rate(carrier: str, service: str, minor: int, days: int, currency: str = "USD") -> Rate:
    price = Money(minor=minor, currency=currency)
    return Rate(rate_id=f"{carrier}/{service}", carrier=carrier, service=service, price=price, days=days)


RATES = (
    rate("USPS", "GroundAdvantage", 700, 4),
    rate("UPS", "Ground", 830, 2),
    rate("UPS", "2ndDayAir", 1460, 2),
    rate("FedEx", "FEDEX_GROUND", 970, 2),
    rate("FedEx", "FEDEX_2_DAY", 1430, 2),
    rate("UPS", "Express", 500, 1, "CAD"),
)


def judged(
    *allowed: str, promised: date | None = None, to: Region | None = None, most: str | None = None
) -> list[tuple[str, str]]:
    wanted = Wanted(
        ship_day=MONDAY,
        promised=promised,
        currency="USD",
        to=to,
        at_most=Decimal(most) if most else None,
        allowed=allowed or None,
    )
    choice = choose(Quotes(shipment_id="s", rates=RATES), wanted, RENO)
    return [(str(r.rate_id), r.reason.value) for r in choice.rates]


@pytest.mark.req("R95", "R73")
def test_without_a_list_every_service_may_be_chosen() -> None:
    assert judged() == [
        ("USPS/GroundAdvantage", "chosen"),
        ("UPS/Ground", "dearer"),
        ("FedEx/FEDEX_GROUND", "dearer"),
        ("FedEx/FEDEX_2_DAY", "dearer"),
        ("UPS/2ndDayAir", "dearer"),
        ("UPS/Express", "other_currency"),
    ]


@pytest.mark.req("R95", "R73")
def test_the_cheapest_allowed_service_wins_however_cheap_the_others_are() -> None:
    assert judged("UPS 2ndDayAir", "FedEx *") == [
        ("FedEx/FEDEX_GROUND", "chosen"),
        ("FedEx/FEDEX_2_DAY", "dearer"),
        ("UPS/2ndDayAir", "dearer"),
        ("UPS/Express", "other_currency"),
        ("USPS/GroundAdvantage", "not_allowed"),
        ("UPS/Ground", "not_allowed"),
    ]


@pytest.mark.req("R95")
@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("UPS Ground", {"UPS/Ground"}),
        ("UPS *", {"UPS/Ground", "UPS/2ndDayAir"}),
        ("* *GROUND", {"FedEx/FEDEX_GROUND"}),
        ("* Ground*", {"UPS/Ground", "USPS/GroundAdvantage"}),
        ("ups ground", set()),
        ("PS Ground", set()),
        ("* *", {"USPS/GroundAdvantage", "UPS/Ground", "UPS/2ndDayAir", "FedEx/FEDEX_GROUND", "FedEx/FEDEX_2_DAY"}),
    ],
)  # fmt: skip
def test_a_pattern_is_the_whole_name_and_a_star_is_any_text(pattern: str, allowed: set[str]) -> None:
    found = judged(pattern)
    assert {rate_id for rate_id, reason in found if reason in {"chosen", "dearer"}} == allowed
    assert [(r, why) for r, why in found if r == "UPS/Express"] == [("UPS/Express", "other_currency")]


@pytest.mark.req("R95", "R51")
def test_the_other_currency_and_the_po_box_are_told_first_and_late_and_too_dear_afterwards() -> None:
    assert judged("FedEx *", "USPS Priority", promised=date(2026, 12, 1), to=BOX) == [
        ("UPS/Express", "other_currency"),
        ("USPS/GroundAdvantage", "not_allowed"),
        ("UPS/Ground", "no_po_box"),
        ("FedEx/FEDEX_GROUND", "no_po_box"),
        ("FedEx/FEDEX_2_DAY", "no_po_box"),
        ("UPS/2ndDayAir", "no_po_box"),
    ]
    assert judged("FedEx FEDEX_2*", "USPS *", promised=date(2026, 12, 2), most="10.00") == [
        ("UPS/Express", "other_currency"),
        ("USPS/GroundAdvantage", "late"),
        ("UPS/Ground", "not_allowed"),
        ("FedEx/FEDEX_GROUND", "not_allowed"),
        ("FedEx/FEDEX_2_DAY", "over_max"),
        ("UPS/2ndDayAir", "not_allowed"),
    ]


@pytest.mark.req("R73")
@pytest.mark.case("C8")
def test_a_refused_rate_falls_to_the_next_and_says_so() -> None:
    wanted = Wanted(
        ship_day=MONDAY,
        promised=None,
        currency="USD",
        at_most=None,
        refused={"USPS GroundAdvantage": "NO_SERVICE"},
    )
    choice = choose(Quotes(shipment_id="s", rates=RATES[:3]), wanted, RENO)
    assert [(r.rate_id, r.reason.value) for r in choice.rates] == [
        ("UPS/Ground", "chosen"),
        ("UPS/2ndDayAir", "dearer"),
        ("USPS/GroundAdvantage", "refused"),
    ]
