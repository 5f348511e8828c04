"""What each line of an order needs of the shelf."""

import pytest

from core.domain.needs import needs_of
from core.domain.shipping.packing import pack_lines, why_unboxed
from core.model.order import FulfilledBy
from core.model.products import Product
from core.model.stock import Allocation, Need
from tests.builders import BOXES
from tests.core.shipping.parcels_abroad import order

LINKS = {"SET": {"CHEF-8": 1, "BOARD-WAL": 2}}


@pytest.mark.req("R31")
def test_what_the_channel_itself_ships_takes_none_of_ours_and_asks_for_no_link() -> None:
    made = order(("l1", "SET", 3, 1000, 0), ("l2", "NOBODY-LINKED", 1, 1000, 0))
    lines = tuple(line.model_copy(update={"listing": line.sku}) for line in made.lines)
    ours = made.model_copy(update={"lines": lines})
    assert needs_of(ours, LINKS) == (
        (
            Need(line_id="l1", sku="BOARD-WAL", units=6),
            Need(line_id="l1", sku="CHEF-8", units=3),
        ),
        ("l2",),
    )
    assert needs_of(ours.model_copy(update={"fulfilled_by": FulfilledBy.CHANNEL}), LINKS) == ((), ())


@pytest.mark.req("R52")
@pytest.mark.parametrize(
    "known",
    [
        {},
        {"CHEF-8": Product(sku="CHEF-8", title="Knife", weight_g=300)},
        {"CHEF-8": Product(sku="CHEF-8", title="Knife", size_mm=(380, 70, 30))},
        {"CHEF-8": Product(sku="CHEF-8", title="Knife", size_mm=(380, 70, 30), weight_g=0)},
    ],
)
def test_what_nobody_measured_fits_no_box_and_is_named(known: dict[str, Product]) -> None:
    allocations = [Allocation(line_id="l1", sku="CHEF-8", location="reno", units=1)]
    assert pack_lines(order(("l1", "CHEF-8", 1, 1000, 0)), BOXES, allocations, known) is None
    assert why_unboxed(allocations, known) == "size or weight is missing of CHEF-8"


@pytest.mark.req("R52")
def test_what_is_too_large_fits_no_box() -> None:
    known = {"CHEF-8": Product(sku="CHEF-8", title="Knife", size_mm=(900, 70, 30), weight_g=300)}
    allocations = [Allocation(line_id="l1", sku="CHEF-8", location="reno", units=1)]
    assert pack_lines(order(("l1", "CHEF-8", 1, 1000, 0)), BOXES, allocations, known) is None
    assert why_unboxed(allocations, known) == "a unit fits no box of crossdock.yaml"
