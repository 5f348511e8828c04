import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.allocation import allocate
from core.model.stock import Allocation, Need


def need(line: str, sku: str, units: int) -> Need:
    return Need(line_id=line, sku=sku, units=units)


def taken(line: str, sku: str, location: str, units: int) -> Allocation:
    return Allocation(line_id=line, sku=sku, location=location, units=units)


KNIFE, BOARD, SKILLET = need("1", "KNIFE", 1), need("2", "BOARD", 1), need("3", "SKILLET", 2)


def test_the_first_location_that_holds_the_whole_order_ships_it() -> None:
    have = {("KNIFE", "reno"): 5, ("KNIFE", "easton"): 5, ("BOARD", "easton"): 1}

    assert allocate([KNIFE, BOARD], ["reno", "easton"], have) == (
        (taken("1", "KNIFE", "easton", 1), taken("2", "BOARD", "easton", 1)),
        (),
    )


def test_where_no_location_holds_it_whole_each_line_comes_from_the_first_that_holds_the_line() -> None:
    have = {("KNIFE", "reno"): 1, ("BOARD", "easton"): 1, ("KNIFE", "easton"): 0}

    assert allocate([KNIFE, BOARD], ["reno", "easton"], have) == (
        (taken("1", "KNIFE", "reno", 1), taken("2", "BOARD", "easton", 1)),
        (),
    )


def test_a_line_is_never_split_by_units_but_backordered_whole() -> None:
    have = {("SKILLET", "reno"): 1, ("SKILLET", "easton"): 1, ("KNIFE", "reno"): 1}

    assert allocate([KNIFE, SKILLET], ["reno", "easton"], have) == (
        (taken("1", "KNIFE", "reno", 1),),
        (SKILLET,),
    )


@pytest.mark.req("R30")
def test_the_components_of_a_kit_come_from_one_location_or_not_at_all() -> None:
    kit = [need("1", "KNIFE", 1), need("1", "BOARD", 1)]
    have = {("KNIFE", "reno"): 1, ("BOARD", "easton"): 1}

    assert allocate(kit, ["reno", "easton"], have) == ((), tuple(kit))


@pytest.mark.req("R29")
def test_several_lines_of_one_sku_are_summed() -> None:
    twice = [need("1", "KNIFE", 2), need("2", "KNIFE", 2)]

    assert allocate(twice, ["reno"], {("KNIFE", "reno"): 3}) == (
        (taken("1", "KNIFE", "reno", 2),),
        (need("2", "KNIFE", 2),),
    )


def test_what_was_counted_below_what_is_promised_gives_nothing() -> None:
    assert allocate([KNIFE], ["reno"], {("KNIFE", "reno"): -2}) == ((), (KNIFE,))


_NEEDS = st.lists(
    st.builds(need, st.sampled_from("123"), st.sampled_from(["A", "B"]), st.integers(1, 4)), max_size=6
)
_HAVE = st.dictionaries(
    st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["reno", "easton"])), st.integers(-2, 8)
)


@pytest.mark.req("R29")
@given(_NEEDS, _HAVE)
def test_no_location_gives_more_than_it_has_and_every_need_is_met_or_backordered_once(
    needs: list[Need], have: dict[tuple[str, str], int]
) -> None:
    allocations, backordered = allocate(needs, ["reno", "easton"], have)

    given_out: dict[tuple[str, str], int] = {}
    for a in allocations:
        given_out[a.sku, a.location] = given_out.get((a.sku, a.location), 0) + a.units
    assert all(units <= have[stock_key] for stock_key, units in given_out.items())
    met = [(a.line_id, a.sku, a.units) for a in allocations]
    assert sorted(met + [(n.line_id, n.sku, n.units) for n in backordered]) == sorted(
        (n.line_id, n.sku, n.units) for n in needs
    )
