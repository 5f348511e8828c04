"""What is declared of a parcel that leaves the country: the price really paid, to the cent (R50)."""

from dataclasses import replace

import pytest

from core.domain.shipping.customs import customs_items
from core.domain.state import OrderState
from core.model.address import Absence, Absent, Region
from core.model.shipment import Parcel
from tests.core.shipping.parcels_abroad import PRODUCTS, Line, declared, needs, order, values


@pytest.mark.req("R50")
@pytest.mark.case("C11")
@pytest.mark.parametrize(
    ("line", "paid"),
    [
        (("l1", "CHEF-8", 2, 10000, 15000), 5000),
        (("l1", "CHEF-8", 1, 2900, 0), 2900),
        (("l1", "CHEF-8", 3, 1000, 1), 2999),
        (("l1", "CHEF-8", 1, 2900, 2899), 1),
        (("l1", "CHEF-8", 1, 2900, 2900), 0),
        (("l1", "CHEF-8", 1, 2900, 3000), 0),
    ],
)
def test_the_price_really_paid_is_declared(line: Line, paid: int) -> None:
    (items,) = declared(order(line), {"l1": line[2]})
    assert values(items) == [("CHEF-8", line[2], paid)]


@pytest.mark.req("R50")
@pytest.mark.case("C11")
@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (("l1", "PAIR", 1, 1001, 0), [("CHEF-8", 1, 501), ("BOARD-WAL", 1, 500)]),
        (("l1", "PAIR", 1, 1101, 100), [("CHEF-8", 1, 501), ("BOARD-WAL", 1, 500)]),
        (("l1", "TRIO", 1, 1000, 0), [("CHEF-8", 2, 667), ("BOARD-WAL", 1, 333)]),
    ],
)
def test_the_parts_of_a_kit_share_its_price_by_units_to_the_cent(
    line: Line, parts: list[tuple[str, int, int]]
) -> None:
    (items,) = declared(order(line), {"l1": 1})
    assert values(items) == parts


@pytest.mark.req("R50")
@pytest.mark.case("C11")
def test_parcels_of_one_line_add_up_to_what_was_paid_for_it() -> None:
    first, second, third = declared(order(("l1", "CHEF-8", 4, 500, 999)), {"l1": 1}, {"l1": 2}, {"l1": 1})
    assert [values(p) for p in (first, second, third)] == [
        [("CHEF-8", 1, 251)],
        [("CHEF-8", 2, 500)],
        [("CHEF-8", 1, 250)],
    ]


@pytest.mark.req("R50")
@pytest.mark.case("C11")
def test_a_kit_over_two_parcels_adds_up_too() -> None:
    first, second = declared(order(("l1", "PAIR", 3, 1001, 0)), {"l1": 1}, {"l1": 2})
    assert values(first) == [("CHEF-8", 1, 501), ("BOARD-WAL", 1, 500)]
    assert values(second) == [("CHEF-8", 2, 1001), ("BOARD-WAL", 2, 1001)]


@pytest.mark.req("R50")
def test_each_line_keeps_its_own_price_of_the_same_goods() -> None:
    (items,) = declared(
        order(("l1", "CHEF-8", 1, 1000, 0), ("l2", "CHEF-8", 1, 1000, 400)), {"l1": 1, "l2": 1}
    )
    assert values(items) == [("CHEF-8", 1, 1000), ("CHEF-8", 1, 600)]
    assert [item.line_id for item in items] == ["l1", "l2"]


@pytest.mark.req("R50")
def test_nothing_is_declared_inside_the_country() -> None:
    (items,) = declared(order(("l1", "CHEF-8", 1, 1000, 0), to=Region(country="US")), {"l1": 1})
    assert items == ()


@pytest.mark.req("R50")
@pytest.mark.case("C11")
def test_a_parcel_declares_its_own_lines_only_and_none_that_needs_nothing() -> None:
    made = order(("l1", "CHEF-8", 1, 1000, 0), ("l2", "BOARD-WAL", 2, 700, 0))
    first, second = declared(made, {"l1": 1}, {"l2": 2})
    assert (values(first), values(second)) == ([("CHEF-8", 1, 1000)], [("BOARD-WAL", 2, 1400)])
    unlinked = OrderState(order=made, needs=tuple(n for n in needs(made) if n.line_id == "l1"))
    parcel = Parcel(
        parcel_id="reno-1", location="reno", box="M", size_mm=(420, 320, 80), gross_g=900, lines=(("l1", 1), ("l2", 2))
    )  # fmt: skip
    assert values(customs_items(unlinked, made, parcel, PRODUCTS, home="US", beside=())) == [
        ("CHEF-8", 1, 1000)
    ]


@pytest.mark.req("R50")
@pytest.mark.case("C9")
def test_where_some_carrier_wants_no_form_and_the_data_for_one_is_missing_none_is_declared() -> None:
    bare = {"CHEF-8": replace(PRODUCTS["CHEF-8"], hs=None)}
    made = order(("l1", "CHEF-8", 1, 1000, 0), to=Region(country="US", state="PR"))
    state = OrderState(order=made, needs=needs(made))
    parcel = Parcel(
        parcel_id="reno-1", location="reno", box="M", size_mm=(420, 320, 80), gross_g=900, lines=(("l1", 1),)
    )
    assert customs_items(state, made, parcel, bare, home="US", beside=()) == ()
    assert values(customs_items(state, made, parcel, PRODUCTS, home="US", beside=())) == [("CHEF-8", 1, 1000)]


@pytest.mark.req("R50")
def test_of_an_order_whose_address_is_withheld_or_that_stays_at_home_nothing_is_declared() -> None:
    (at_home,) = declared(order(("l1", "CHEF-8", 1, 1000, 0), to=Region(country="US", state="OR")), {"l1": 1})
    withheld = order(("l1", "CHEF-8", 1, 1000, 0)).model_copy(update={"ship_to": Absent(why=Absence.PENDING)})
    (nowhere,) = declared(withheld, {"l1": 1})
    assert (at_home, nowhere) == ((), ())
