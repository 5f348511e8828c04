"""The parcels of the golden day, worked out by pencil: box and weight, promise and date, winner and runner-up."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from core.domain.shipping.boxes import Item, first_fit, pack
from core.domain.shipping.layout import Budget, laid_out
from core.domain.shipping.rates import Wanted, choose
from core.domain.shipping.routing import nearest_first
from core.model.address import Region
from core.model.calendar import WorkCalendar, promised_day
from core.model.money import Money
from core.model.shipment import Quotes, Rate, RateReason
from tests.builders import BOXES

SIZES = {
    "CHEF-8": (300, (380, 70, 30)),
    "BOARD-WAL": (1600, (400, 300, 30)),
    "BREAD-10": (280, (400, 60, 30)),
    "UTIL-5": (180, (280, 50, 30)),
    "PARE-3": (120, (220, 50, 30)),
    "SKILLET-12": (3400, (480, 310, 70)),
    "SOCKS-CHEF": (80, (200, 120, 20)),
    "TONGS-9": (200, (260, 50, 30)),
    "DUTCH-6": (5800, (330, 280, 190)),
}
CARD = {
    ("USPS", "GroundAdvantage"): (480, {"near": (110, 3), "mid": (130, 4), "far": (150, 5)}),
    ("USPS", "Priority"): (790, {"near": (90, 2), "mid": (120, 3), "far": (150, 3)}),
    ("UPS", "Ground"): (780, {"near": (50, 2), "mid": (60, 4), "far": (70, 5)}),
    ("UPS", "2ndDayAir"): (1350, {"near": (110, 2), "mid": (140, 2), "far": (170, 2)}),
    ("FedEx", "FEDEX_GROUND"): (820, {"near": (30, 2), "mid": (45, 3), "far": (60, 5)}),
    ("FedEx", "FEDEX_2_DAY"): (1290, {"near": (110, 2), "mid": (140, 2), "far": (170, 2)}),
}
RENO = WorkCalendar(
    timezone=ZoneInfo("America/Los_Angeles"),
    days=frozenset(range(5)),
    holidays=frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
    cutoff=time(15, 0),
)
EASTON = WorkCalendar(
    timezone=ZoneInfo("America/New_York"), days=RENO.days, holidays=RENO.holidays, cutoff=RENO.cutoff
)
BOX = Region(country="US", state="OR", po_box=True)
MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)
NEXT_MONDAY = date(2026, 12, 7)


def items(**skus: int) -> list[Item]:
    found = []
    for name, units in skus.items():
        sku = name.replace("_", "-")
        grams, size = SIZES[sku]
        found += [Item(line_id="l1", sku=sku, size_mm=size, weight_g=grams)] * units
    return found


def quotes(zone: str, steps: int, *, but: frozenset[str] = frozenset()) -> Quotes:
    rates = tuple(
        Rate(
            rate_id=f"{carrier}/{service}",
            carrier=carrier,
            service=service,
            price=Money(minor=base + step[zone][0] * steps, currency="USD"),
            days=step[zone][1],
        )
        for (carrier, service), (base, step) in CARD.items()
        if carrier not in but
    )
    return Quotes(shipment_id="s", rates=rates, silent=tuple((c, "no answer") for c in sorted(but)))


@pytest.mark.req("R52")
@pytest.mark.parametrize(
    ("goods", "box", "gross_g"),
    [
        (items(CHEF_8=1, BOARD_WAL=1), "M", 2150),
        (items(SOCKS_CHEF=2), "MAILER", 180),
        (items(SKILLET_12=1), "L", 3850),
        (items(PARE_3=2), "MAILER", 260),
        (items(CHEF_8=1, TONGS_9=1), "M", 750),
        (items(CHEF_8=1), "M", 550),
        (items(DUTCH_6=1), "CUBE", 6400),
        (items(SKILLET_12=2), "L", 7250),
        (items(BOARD_WAL=1, SOCKS_CHEF=2), "M", 2010),
        (items(CHEF_8=1, BREAD_10=1, UTIL_5=1, PARE_3=1), "M", 1130),
    ],
)
def test_goods_lie_in_the_first_box_that_holds_them(goods: list[Item], box: str, gross_g: int) -> None:
    packed = first_fit(goods, BOXES, Budget(20_000))
    assert packed is not None
    assert (packed.box.box_id, packed.gross_g) == (box, gross_g)
    assert len(packed.places) == len(goods)
    for place in packed.places:
        assert all(place.corner_mm[a] + place.turned_mm[a] <= packed.box.inner_mm[a] for a in range(3))


@pytest.mark.req("R52")
def test_what_fits_no_box_is_not_packed() -> None:
    assert pack([(Item(line_id="l", sku="X", size_mm=(900, 10, 10), weight_g=1),)], BOXES) is None


@pytest.mark.req("R52")
def test_volume_alone_does_not_make_it_fit() -> None:
    assert laid_out((10, 10, 10), [(11, 1, 1)], Budget(20_000)) is None


def test_what_is_too_heavy_for_one_box_goes_in_as_few_as_filling_up_gives() -> None:
    packed = pack([tuple(items(DUTCH_6=1)), tuple(items(DUTCH_6=1))], BOXES)
    assert packed is not None
    assert [(p.box.box_id, p.gross_g) for p in packed] == [("CUBE", 6400), ("CUBE", 6400)]


@pytest.mark.req("R73")
@pytest.mark.parametrize(
    ("zone", "steps", "ship", "promised", "winner", "cents", "saved", "arrives"),
    [
        ("near", 5, MONDAY, NEXT_MONDAY, "FedEx/FEDEX_GROUND", 970, 60, date(2026, 12, 2)),
        ("mid", 1, MONDAY, date(2026, 12, 2), "FedEx/FEDEX_2_DAY", 1430, 60, date(2026, 12, 2)),
        ("mid", 8, MONDAY, NEXT_MONDAY, "FedEx/FEDEX_GROUND", 1180, 80, date(2026, 12, 3)),
        ("mid", 2, MONDAY, NEXT_MONDAY, "USPS/GroundAdvantage", 740, 160, date(2026, 12, 4)),
        ("far", 2, MONDAY, NEXT_MONDAY, "USPS/GroundAdvantage", 780, 140, NEXT_MONDAY),
        ("near", 13, MONDAY, NEXT_MONDAY, "FedEx/FEDEX_GROUND", 1210, 220, date(2026, 12, 2)),
        ("near", 15, TUESDAY, NEXT_MONDAY, "FedEx/FEDEX_GROUND", 1270, 260, date(2026, 12, 3)),
        ("near", 2, TUESDAY, NEXT_MONDAY, "USPS/GroundAdvantage", 700, 180, date(2026, 12, 4)),
    ],
)
def test_the_cheapest_rate_that_keeps_the_promise_wins(  # noqa: PLR0917
    zone: str, steps: int, ship: date, promised: date, winner: str, cents: int, saved: int, arrives: date
) -> None:
    wanted = Wanted(ship_day=ship, promised=promised, currency="USD")
    choice = choose(quotes(zone, steps), wanted, RENO)
    assert choice.chosen is not None
    assert choice.chosen.rate_id == winner
    assert choice.chosen.price == Money(minor=cents, currency="USD")
    assert choice.saved == Money(minor=saved, currency="USD")
    assert choice.chosen.arrives == arrives
    assert len(choice.rates) == 6


@pytest.mark.req("R51", "R48", "R73")
def test_to_a_po_box_only_usps_goes_and_a_silent_carrier_is_named() -> None:
    wanted = Wanted(ship_day=MONDAY, promised=NEXT_MONDAY, currency="USD", to=BOX)
    choice = choose(quotes("near", 1, but=frozenset({"FedEx"})), wanted, RENO)
    assert [(r.carrier, r.service, r.reason) for r in choice.rates] == [
        ("USPS", "GroundAdvantage", RateReason.CHOSEN),
        ("USPS", "Priority", RateReason.DEARER),
        ("UPS", "Ground", RateReason.NO_PO_BOX),
        ("UPS", "2ndDayAir", RateReason.NO_PO_BOX),
        ("FedEx", "*", RateReason.NO_ANSWER),
    ]
    assert choice.saved == Money(minor=290, currency="USD")


@pytest.mark.req("R73")
def test_of_equal_prices_the_earlier_date_wins_then_the_carriers_name() -> None:
    def rate(carrier: str, days: int) -> Rate:
        return Rate(
            rate_id=carrier,
            carrier=carrier,
            service="S",
            price=Money(minor=900, currency="USD"),
            days=days,
        )

    wanted = Wanted(ship_day=MONDAY, promised=None, currency="USD")
    first = choose(Quotes(shipment_id="s", rates=(rate("B", 2), rate("A", 3))), wanted, RENO)
    assert first.chosen is not None
    assert first.chosen.carrier == "B"
    tie = choose(Quotes(shipment_id="s", rates=(rate("B", 2), rate("A", 2))), wanted, RENO)
    assert tie.chosen is not None
    assert tie.chosen.carrier == "A"


@pytest.mark.req("R73")
def test_a_rate_in_another_currency_or_too_late_loses_and_none_is_chosen() -> None:
    euro = Rate(rate_id="e", carrier="E", service="S", price=Money(minor=1, currency="EUR"), days=1)
    slow = Rate(rate_id="l", carrier="L", service="S", price=Money(minor=1, currency="USD"), days=9)
    wanted = Wanted(ship_day=MONDAY, promised=NEXT_MONDAY, currency="USD")
    choice = choose(Quotes(shipment_id="s", rates=(euro, slow)), wanted, RENO)
    assert (choice.chosen, choice.saved) == (None, None)
    assert {r.carrier: r.reason for r in choice.rates} == {
        "E": RateReason.OTHER_CURRENCY,
        "L": RateReason.LATE,
    }


@pytest.mark.req("R94")
def test_a_parcel_ready_at_the_cutoff_leaves_today_and_a_moment_later_tomorrow() -> None:
    at = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert RENO.ship_day(at) == MONDAY
    assert RENO.ship_day(at.replace(second=1)) == TUESDAY
    assert EASTON.ship_day(datetime(2026, 11, 30, 20, 45, tzinfo=UTC)) == TUESDAY


@pytest.mark.req("R94", "R26")
def test_working_days_skip_weekends_and_holidays_and_the_cutoff_follows_the_clock_change() -> None:
    assert RENO.add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert RENO.ship_day(datetime(2026, 10, 30, 22, 0, tzinfo=UTC)) == date(2026, 10, 30)
    assert RENO.ship_day(datetime(2026, 10, 30, 22, 0, 1, tzinfo=UTC)) == date(2026, 11, 2)
    assert RENO.ship_day(datetime(2026, 11, 2, 22, 30, tzinfo=UTC)) == date(2026, 11, 2)


@pytest.mark.req("R94")
def test_the_promise_counts_from_the_order_and_the_channels_own_date_wins() -> None:
    placed = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert promised_day(calendar=RENO, placed_at=placed, working_days=5, deliver_on=None) == NEXT_MONDAY
    assert promised_day(calendar=RENO, placed_at=placed, working_days=None, deliver_on=None) is None
    assert promised_day(calendar=RENO, placed_at=placed, working_days=5, deliver_on=MONDAY) == MONDAY


def test_warehouses_are_asked_nearest_first_and_equal_ones_in_the_order_of_the_file() -> None:
    configs = {"reno": ("US", "NV"), "easton": ("US", "PA")}
    assert nearest_first(Region(country="US", state="OR"), configs, {}) == ("reno", "easton")
    assert nearest_first(Region(country="US", state="MA"), configs, {}) == ("easton", "reno")
    assert nearest_first(Region(country="CA", state="ON"), configs, {}) == ("reno", "easton")
    assert nearest_first(None, configs, {}) == ("reno", "easton")
