"""Which carriers go to boxes, armed forces and territories, and who wants a customs form for them."""

from datetime import date
from typing import Any

import pytest

from core.domain.holds import Context, causes
from core.domain.shipping.destinations import needs_form, needs_no_form, territory_of
from core.domain.shipping.rates import Wanted, choose
from core.domain.state import OrderState
from core.model.address import Region
from core.model.shipment import Quotes
from tests.core.shipping.parcels_abroad import NOON, declared, needs, order
from tests.core.shipping.test_allowed_services import RENO, rate

APO = Region(country="US", state="AE", military=True)
SAN_JUAN = Region(country="US", state="PR")
GUAM = Region(country="US", state="GU")
KNIFE = ("l1", "CHEF-8", 1, 2900, 0)


def judged(to: Region, *carriers: str, **wants: Any) -> dict[str, str]:
    quotes = Quotes(shipment_id="s", rates=tuple(rate(c, "S", 700 + n, 2) for n, c in enumerate(carriers)))
    wanted = Wanted(ship_day=date(2026, 11, 30), promised=None, currency="USD", to=to, **wants)
    return {r.carrier: r.reason.value for r in choose(quotes, wanted, RENO).rates}


def holds(to: Region, *, code: str | None, homes: frozenset[str] = frozenset({"US"})) -> dict[str, str]:
    made = order(KNIFE, to=to)
    context = Context(
        home_countries=homes, tariff_code=lambda _: code, places={}, no_label="", now=NOON
    )  # fmt: skip
    return {k.value: v for k, v in causes(OrderState(order=made, needs=needs(made)), context).items()}


@pytest.mark.req("R51", "R73")
@pytest.mark.case("C9")
def test_only_the_post_serves_armed_forces_abroad() -> None:
    assert judged(APO, "UPS", "FedEx", "DHLExpress", "USPS") == {
        "USPS": "chosen", "UPS": "no_military", "FedEx": "no_military", "DHLExpress": "no_military",
    }  # fmt: skip
    assert judged(Region(country="GB", military=True), "DPD", "RoyalMail") == {
        "RoyalMail": "chosen",
        "DPD": "no_military",
    }


@pytest.mark.req("R51", "R50")
@pytest.mark.case("C9")
def test_a_parcel_to_armed_forces_abroad_carries_a_customs_form() -> None:
    ((item,),) = declared(order(KNIFE, to=APO), {"l1": 1})
    assert (item.sku, item.value.minor, item.hs) == ("CHEF-8", 2900, "8211.92")
    assert holds(APO, code=None) == {"customs_missing": "CHEF-8: tariff code or origin"}
    assert holds(APO, code="8211.92") == {}


@pytest.mark.req("R51")
@pytest.mark.case("C8")
def test_a_box_is_for_carriers_that_go_to_boxes_of_its_country() -> None:
    assert judged(Region(country="US", po_box=True), "UPS", "USPS", "CanadaPost") == {
        "USPS": "chosen", "UPS": "no_po_box", "CanadaPost": "no_po_box",
    }  # fmt: skip
    assert judged(Region(country="CA", po_box=True), "CanadaPost", "USPS", "UPS") == {
        "CanadaPost": "chosen", "USPS": "dearer", "UPS": "no_po_box",
    }  # fmt: skip


@pytest.mark.req("R51", "R50")
@pytest.mark.case("C9")
def test_the_post_needs_no_form_to_puerto_rico_and_others_do() -> None:
    assert needs_form(SAN_JUAN, "US")
    assert needs_no_form(SAN_JUAN, "US") == needs_no_form(Region(country="PR"), "US") == {"USPS"}
    assert holds(SAN_JUAN, code=None) == {}
    assert judged(SAN_JUAN, "UPS", "USPS", only=frozenset({"USPS"})) == {
        "USPS": "chosen",
        "UPS": "no_customs",
    }
    assert judged(SAN_JUAN, "UPS", "USPS") == {"UPS": "chosen", "USPS": "dearer"}


@pytest.mark.req("R51", "R50")
@pytest.mark.case("C9")
def test_everybody_needs_a_form_to_the_other_territories() -> None:
    for to in (
        GUAM,
        Region(country="GU"),
        Region(country="US", state="VI"),
        Region(country="US", state="AS"),
    ):
        assert holds(to, code=None) == {"customs_missing": "CHEF-8: tariff code or origin"}
        assert needs_no_form(to, "US") == frozenset()
    assert holds(Region(country="US", state="HI"), code=None) == {}


@pytest.mark.req("R51")
@pytest.mark.case("C10")
def test_an_address_that_lacks_a_part_says_which() -> None:
    assert holds(Region(country="US", complete=False, lacks=("postcode", "state")), code="1") == {
        "address_withheld": "incomplete: postcode, state missing"
    }


@pytest.mark.req("R50")
@pytest.mark.case("C9")
@pytest.mark.parametrize(
    ("to", "home", "form"),
    [
        (Region(country="US", state="Puerto Rico"), "US", True),
        (Region(country="US", state="guam"), "US", True),
        (Region(country="US", state="U.S. Virgin Islands"), "US", True),
        (Region(country="US", state="Virginia"), "US", False),
        (Region(country="ES", state="TF"), "ES", True),
        (Region(country="ES", state="ES-GC"), "ES", True),
        (Region(country="ES", state="Ceuta"), "ES", True),
        (Region(country="ES", state="Melilla"), "ES", True),
        (Region(country="ES", state="B"), "ES", False),
        (Region(country="ES", state="CR"), "ES", False),
        (Region(country="PT", state="CE"), "PT", False),
        (Region(country="FR"), "DE", True),
    ],
)
def test_islands_outside_the_customs_of_their_country_need_a_form(to: Region, home: str, form: bool) -> None:
    assert needs_form(to, home) is form


@pytest.mark.req("R50")
@pytest.mark.case("C9")
def test_a_territory_spelled_out_is_the_one_of_the_code() -> None:
    assert territory_of(Region(country="US", state="Puerto Rico")) == "PR"
    assert needs_no_form(Region(country="US", state="Puerto Rico"), "US") == frozenset({"USPS"})
    assert territory_of(Region(country="US", state="Northern Mariana Islands")) == "MP"
    assert territory_of(Region(country="US", state="New York")) is None
