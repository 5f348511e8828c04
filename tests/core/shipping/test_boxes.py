"""Packing: equal goods as grids, a bounded search behind them, and never more boxes than the search alone found."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.domain.shipping.boxes import Bundle, Item, Packed, pack
from core.domain.shipping.layout import Budget, is_sound, laid_out
from core.model.shipment import Box, Size
from tests.builders import BOXES
from tests.core.shipping.random_orders import random_order

SEARCHED = Path(__file__).with_name("boxes_of_the_search.json")
"""How many boxes the search alone took for each of 500 random orders; 0: a unit fits none."""


def units(count: int, size: Size, grams: int, *, line: str = "l1") -> list[Bundle]:
    return [(Item(line_id=line, sku=line, size_mm=size, weight_g=grams),)] * count


def contents(parcels: Sequence[Packed] | None) -> Counter[tuple[str, int]]:
    assert parcels is not None
    return Counter((parcel.box.box_id, len(parcel.places)) for parcel in parcels)


def proved(bundles: Sequence[Bundle], parcels: Sequence[Packed]) -> None:
    """Check that everything lies somewhere, inside, not overlapping, and within the weight."""
    found = Counter(place.item for parcel in parcels for place in parcel.places)
    assert found == Counter(item for bundle in bundles for item in bundle)
    for parcel in parcels:
        assert is_sound(parcel.box.inner_mm, [(p.corner_mm, p.turned_mm) for p in parcel.places])
        assert all(sorted(p.turned_mm) == sorted(p.item.size_mm) for p in parcel.places)
        goods_g = sum(p.item.weight_g for p in parcel.places)
        assert parcel.gross_g == goods_g + parcel.box.tare_g <= parcel.box.max_g


@pytest.mark.req("R109", "R52")
@pytest.mark.case("C7")
@pytest.mark.parametrize(
    ("bundles", "boxes"),
    [
        # A layer of L (520 x 360) holds 2 x 3 and one more of 200 x 120: 7, and 7 layers of 20 lie in 150.
        (units(120, (200, 120, 20), 80), {("L", 49): 2, ("CUBE", 22): 1}),
        (units(49, (200, 120, 20), 80), {("L", 49): 1}),
        # 6 x 4 of 50 x 50 a layer: 5 layers of 1 mm, 360 g.
        (units(120, (50, 50, 1), 3), {("MAILER", 120): 1}),
        (units(326, (50, 50, 1), 3), {("MAILER", 326): 1}),
        # 327 weigh 981 g and the mailer 20: above its 1,000 g.
        (units(327, (50, 50, 1), 3), {("M", 327): 1}),
        (units(960, (50, 50, 1), 1), {("MAILER", 960): 1}),
        (units(2, (330, 280, 190), 5800), {("CUBE", 1): 2}),
    ],
)
def test_equal_units_lie_in_grids(bundles: list[Bundle], boxes: dict[tuple[str, int], int]) -> None:
    parcels = pack(bundles, BOXES, tries=0)
    assert contents(parcels) == boxes
    proved(bundles, parcels or ())


@pytest.mark.req("R109", "R52")
@pytest.mark.case("C7")
def test_no_order_of_chance_takes_more_boxes_than_the_search_alone() -> None:
    before = json.loads(SEARCHED.read_text(encoding="utf-8"))
    for seed in range(0, 500, 10):  # each tenth here; the soak plays them all
        bundles = random_order(seed)
        parcels = pack(bundles, BOXES) or ()
        assert len(parcels) <= before[seed] or not before[seed], f"seed {seed}"
        assert bool(parcels) is bool(before[seed]), f"seed {seed}"
        if parcels:
            proved(bundles, parcels)


@pytest.mark.req("R109", "R52")
@pytest.mark.case("C7")
@pytest.mark.parametrize(("most", "kinds"), [(200, 20), (1000, 40), (5000, 12)])
def test_large_orders_are_packed_and_proved(most: int, kinds: int) -> None:
    for seed in range(3):
        bundles = random_order(seed, most=most, kinds=kinds)
        parcels = pack(bundles, BOXES)
        assert parcels is not None, f"seed {seed}"
        proved(bundles, parcels)


@pytest.mark.req("R109")
@pytest.mark.case("C7")
def test_a_kit_of_many_parts_stays_together() -> None:
    kit = tuple(Item(line_id="l1", sku=f"P-{n}", size_mm=(60 + n, 40, 30), weight_g=50) for n in range(40))
    parcels = pack([kit] * 3, BOXES)
    assert parcels is not None
    proved([kit] * 3, parcels)
    assert all(len(parcel.places) % 40 == 0 for parcel in parcels)


PUZZLE = (Box(box_id="SQUARE", inner_mm=(70, 70, 10), tare_g=1, max_g=999),)
FIVE = [*units(4, (40, 30, 10), 1), *units(1, (10, 10, 10), 1, line="l2")]
"""Four about a middle: no straight cut divides them, so that only a search finds it."""


@pytest.mark.req("R109")
@pytest.mark.case("C7")
def test_a_search_finds_what_no_grid_does() -> None:
    parcels = pack(FIVE, PUZZLE)
    assert parcels is not None
    assert [(len(p.places), p.ended_early) for p in parcels] == [(5, False)]
    proved(FIVE, parcels)


@pytest.mark.req("R109")
@pytest.mark.case("C7")
def test_where_the_budget_ended_every_parcel_says_so_and_the_goods_go_all_the_same() -> None:
    parcels = pack(FIVE, PUZZLE, tries=5)
    assert parcels is not None
    assert len(parcels) == 2
    assert all(parcel.ended_early for parcel in parcels)
    proved(FIVE, parcels)


@pytest.mark.req("R109")
@pytest.mark.case("C7")
@pytest.mark.parametrize("beside", [0, 1])
def test_a_kit_that_only_a_search_lays_is_packed_once_for_each_of_its_units(beside: int) -> None:
    kit = tuple(item for unit in FIVE for item in unit)
    bundles = [kit, kit, *units(beside, (70, 70, 10), 1, line="l3")]
    parcels = pack(bundles, PUZZLE)
    assert parcels is not None
    assert sorted(len(p.places) for p in parcels) == [1] * beside + [5, 5]
    proved(bundles, parcels)


@pytest.mark.req("R109")
@pytest.mark.case("C7")
def test_a_search_for_all_leaves_each_its_own_so_that_nothing_seems_to_fit_nowhere() -> None:
    four = tuple(item for unit in FIVE[:4] for item in unit)
    bundles = [four, *units(1, (20, 5, 10), 1, line="l2")]  # fits by volume, and not into the middle
    needed = Budget(20_000)
    assert laid_out((70, 70, 10), [item.size_mm for item in four], needed) is not None
    parcels = pack(bundles, PUZZLE, tries=20_000 - needed.left)
    assert parcels is not None
    assert sorted((len(p.places), p.ended_early) for p in parcels) == [(1, True), (4, True)]
    proved(bundles, parcels)


@pytest.mark.req("R109")
@pytest.mark.case("C7")
def test_the_budget_counts_tries_whatever_the_clock_says() -> None:
    budget = Budget(20_000)
    assert laid_out((70, 70, 10), [b[0].size_mm for b in FIVE], budget) is not None
    left = budget.left
    again = Budget(20_000)
    laid_out((70, 70, 10), [b[0].size_mm for b in FIVE], again)
    assert (again.left, again.ended) == (left, False)
    assert left < 20_000


@pytest.mark.req("R109")
@pytest.mark.case("C7")
def test_goods_that_overlap_or_stick_out_are_no_layout() -> None:
    assert is_sound((10, 10, 10), [((0, 0, 0), (5, 10, 10)), ((5, 0, 0), (5, 10, 10))])
    assert not is_sound((10, 10, 10), [((0, 0, 0), (6, 10, 10)), ((5, 0, 0), (5, 10, 10))])
    assert not is_sound((10, 10, 10), [((0, 0, 0), (11, 1, 1))])
