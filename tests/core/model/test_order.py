"""Totals add up to the minor unit, whatever way the channel counts tax; places and instants are typed."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from core.model.address import Address, Region, region_of
from core.model.base import Shape
from core.model.money import Money, Side
from core.model.order import ChannelState, Order, OrderLine, TaxMode, residue_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def a_line(price: int, *, quantity: int = 1, discount: int = 0, tax: int = 0) -> OrderLine:
    return OrderLine(
        line_id="1",
        listing="CHEF-8",
        sku="CHEF-8",
        title="Chef's knife",
        quantity=quantity,
        open_quantity=quantity,
        unit_price=usd(price),
        discount=usd(discount),
        tax=usd(tax),
    )


def an_order(*lines: OrderLine, total: int, tax_mode: TaxMode = TaxMode.EXCLUDED, **parts: int) -> Order:
    sums = {
        name: usd(parts.get(name, 0))
        for name in (
            "shipping",
            "shipping_discount",
            "shipping_tax",
            "duties",
            "tips",
            "rounding",
            "marketplace_tax",
        )
    }
    return Order(
        connection="shop",
        order_id="1",
        number="KK-1001",
        placed_at=NOON,
        updated_at=NOON,
        state=ChannelState.OPEN,
        tax_mode=tax_mode,
        lines=lines,
        total=usd(total),
        total_presentment=Money(minor=total, currency="USD", side=Side.PRESENTMENT),
        ship_to=Region(country="US", state="OR"),
        **sums,
    )


@pytest.mark.req("R22", "R91")
def test_tax_on_top_is_added() -> None:
    # Kurt: three sets at 189.00, 14.95 shipping, 39.69 tax (golden day, 09:20)
    order = an_order(a_line(18900, quantity=3, tax=3969), shipping=1495, total=62164)

    assert residue_of(order) == usd(0)


@pytest.mark.req("R22", "R91")
def test_tax_inside_the_prices_is_not_added_again() -> None:
    order = an_order(
        a_line(11900, tax=1900), shipping=490, shipping_tax=78, total=12390, tax_mode=TaxMode.INCLUDED
    )

    assert residue_of(order) == usd(0)


@pytest.mark.req("R22")
def test_discounts_shipping_duties_tips_and_rounding_all_count() -> None:
    order = an_order(
        a_line(12900, discount=1290, tax=100),
        shipping=695,
        shipping_discount=95,
        shipping_tax=50,
        duties=300,
        tips=200,
        rounding=-3,
        total=12857,
    )

    assert residue_of(order) == usd(0)


@pytest.mark.req("R22")
def test_a_total_that_is_a_cent_off_leaves_a_residue_of_that_cent() -> None:
    assert residue_of(an_order(a_line(8900), total=8901)) == usd(1)
    assert residue_of(an_order(a_line(8900), total=8899)) == usd(-1)


@pytest.mark.req("R26")
def test_an_instant_without_a_time_zone_is_refused_and_others_become_utc() -> None:
    order = an_order(a_line(8900), total=8900)
    aware = order.model_validate({**order.model_dump(), "placed_at": "2026-11-30T04:00:00-08:00"})

    assert aware.placed_at == datetime(2026, 11, 30, 12, tzinfo=UTC)
    with pytest.raises(ValidationError, match="time zone"):
        order.model_validate({**order.model_dump(), "placed_at": "2026-11-30T04:00:00"})


@pytest.mark.req("R65")
@pytest.mark.parametrize(
    ("street", "po_box"),
    [
        ("PO Box 77", True),
        ("P.O. Box 12", True),
        ("p o box 9", True),
        ("12 Boxwood Lane", False),
        ("1 Post Road", False),
    ],
)
def test_a_region_says_whether_it_is_a_post_office_box_and_names_nobody(street: str, po_box: bool) -> None:
    region = region_of(
        Address(name="Kelly Knox", street1=street, city="Bend", state="OR", zip="97701", country="US")
    )

    assert region == Region(country="US", state="OR", po_box=po_box, complete=True)
    assert "Kelly" not in region.model_dump_json()


@pytest.mark.req("R65")
@pytest.mark.parametrize("missing", ["name", "street1", "city", "zip"])
def test_a_region_says_that_its_address_is_incomplete(missing: str) -> None:
    whole = {
        "name": "Kelly Knox",
        "street1": "1 Main",
        "city": "Bend",
        "state": "OR",
        "zip": "97701",
        "country": "US",
    }

    assert region_of(Address(**{**whole, missing: ""})).complete is False


def test_every_shape_is_frozen_and_refuses_unknown_keys() -> None:
    class Sample(Shape):
        units: int

    with pytest.raises(ValidationError):
        Sample(units=1, colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="frozen"):
        Sample(units=1).units = 2  # type: ignore[misc]
