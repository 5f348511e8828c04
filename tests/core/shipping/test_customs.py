"""What is declared of a parcel that leaves the country: the price really paid, to the cent (R50)."""

import pytest

from core.model.address import Region
from tests.core.shipping.parcels_abroad import Line, declared, order, values


@pytest.mark.req("R50")
@pytest.mark.case("C11")
@pytest.mark.parametrize(
    ("line", "paid"),
    [
        (("l1", "CHEF-8", 2, 10000, 15000), 5000),
        (("l1", "CHEF-8", 1, 2900, 0), 2900),
        (("l1", "CHEF-8", 3, 1000, 1), 2999),
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
