"""What is said to the authorities of the United States: never false (15 CFR 30.36 and 30.37)."""

import pytest

from core.domain.holds import Context, causes
from core.domain.shipping.exports import export_exemption
from core.domain.state import OrderState
from core.model.address import Region
from tests.core.shipping.parcels_abroad import NOON, PRODUCTS, Line, needs, order

HONG_KONG, CANADA = Region(country="HK"), Region(country="CA", state="ON")
CODES = {sku: p.hs for sku, p in PRODUCTS.items()}


def held(*lines: Line, to: Region = HONG_KONG, home: str = "US", currency: str = "USD") -> str | None:
    made = order(*lines, to=to, currency=currency)
    context = Context(
        home_countries=frozenset({home}), tariff_code=CODES.get, places={}, no_label="", now=NOON
    )  # fmt: skip
    found = causes(OrderState(order=made, needs=needs(made)), context)
    assert set(found) <= {"customs_missing"}
    return next(iter(found.values()), None)


@pytest.mark.req("R50")
@pytest.mark.case("C12")
@pytest.mark.parametrize(
    ("to", "home", "words"),
    [
        (HONG_KONG, "US", "NOEEI 30.37(a)"),
        (CANADA, "US", "NOEEI 30.36"),
        (Region(country="US", state="AE", military=True), "US", "NOEEI 30.37(a)"),
        (Region(country="US", state="PR"), "US", "NOEEI 30.37(a)"),
        (Region(country="US", state="GU"), "US", "NOEEI 30.2(d)(2)"),
        (Region(country="GU"), "US", "NOEEI 30.2(d)(2)"),
        (Region(country="US", state="OR"), "US", ""),
        (HONG_KONG, "DE", ""),
        (Region(country="US", state="OR"), "CA", ""),
    ],
)
def test_the_exemption_is_the_one_that_holds(to: Region, home: str, words: str) -> None:
    assert export_exemption(to, home) == words


@pytest.mark.req("R50")
@pytest.mark.case("C12")
def test_more_than_2500_dollars_of_one_code_is_held_for_its_itn() -> None:
    assert held(("l1", "CHEF-8", 1, 350000, 0)) == (
        "ITN: tariff code 821192 is worth 3500.00 USD; declare it in AES"
    )
    assert held(("l1", "CHEF-8", 1, 250000, 0)) is None
    assert held(("l1", "CHEF-8", 1, 250001, 0)) is not None
    assert held(("l1", "CHEF-8", 2, 200000, 150000)) is None


@pytest.mark.req("R50")
@pytest.mark.case("C12")
def test_the_limit_counts_by_code_over_all_lines() -> None:
    assert held(("l1", "CHEF-8", 1, 200000, 0), ("l2", "BOARD-WAL", 1, 200000, 0)) is None
    assert held(("l1", "CHEF-8", 1, 130000, 0), ("l2", "CHEF-8", 1, 130000, 0)) == (
        "ITN: tariff code 821192 is worth 2600.00 USD; declare it in AES"
    )
    # A longer code of the same heading may be the same goods.
    assert held(("l1", "CHEF-8", 1, 130000, 0), ("l2", "UTIL-5", 1, 130000, 0)) is not None
    # A kit's parts have codes of their own: 4,800 is 2,400 each.
    assert held(("l1", "PAIR", 1, 480000, 0)) is None


@pytest.mark.req("R50")
@pytest.mark.case("C12")
def test_canada_other_senders_and_home_know_no_limit() -> None:
    knife = ("l1", "CHEF-8", 1, 350000, 0)
    assert held(knife, to=CANADA) is None
    assert held(knife, home="DE") is None
    assert held(knife, to=Region(country="US", state="OR")) is None
    assert held(knife, to=Region(country="US", state="PR")) is not None
    assert held(("l1", "CHEF-8", 1, 100, 0), to=Region(country="KP")) is not None


@pytest.mark.req("R50")
@pytest.mark.case("C12")
@pytest.mark.parametrize(
    ("currency", "most"), [("EUR", 100000), ("JPY", 200000), ("MXN", 1000000), ("KWD", 500000)]
)
def test_without_a_rate_of_exchange_the_limit_is_what_was_never_worth_more(currency: str, most: int) -> None:
    assert held(("l1", "CHEF-8", 1, most, 0), currency=currency) is None
    assert held(("l1", "CHEF-8", 1, most + 1, 0), currency=currency) is not None
