"""What lies in a parcel, and what of an order's units left with one, also once its channel wants nothing any more."""

from datetime import UTC, datetime

import pytest

from core.domain.departures import left_after_void, units_gone
from core.domain.fold import fold, summarize
from core.domain.state import OrderState, contents
from core.model.facts import (
    Changed,
    LabelBought,
    LabelVoided,
    LeftAfterVoid,
    Quoted,
    Received,
    Tracked,
    UnitsCommitted,
    UnitsReleased,
    UnitsShipped,
)
from core.model.money import Money
from core.model.order import ChannelState, Order
from core.model.shipment import Parcel, TrackingState
from core.model.stock import Allocation, Need
from tests.core.payment.test_verify import order

NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
TWO_PACKS = (Need(line_id="l1", sku="SOCKS-CHEF", units=6),)
SIX_PAIRS = (Allocation(line_id="l1", sku="SOCKS-CHEF", location="reno", units=6),)


def three_packs(state: ChannelState, quantity: int) -> Order:
    """Three packs of two pairs of socks, or none once they were cancelled."""
    known = order(4200)
    line = known.lines[0].model_copy(
        update={"line_id": "l1", "quantity": quantity, "open_quantity": quantity}
    )
    return known.model_copy(update={"lines": (line,), "state": state})


def parcel(number: int, packs: int) -> tuple[Quoted, LabelBought]:
    price = Money(minor=590, currency="USD")
    box = Parcel(
        parcel_id=f"reno-{number}", location="reno", box="M", size_mm=(420, 320, 80), gross_g=900, lines=(("l1", packs),)
    )  # fmt: skip
    quoted = Quoted(
        at=NOON, parcel=box, shipment_id=f"shp-{number}", rates=(), chosen="r", price=price, saved=None, arrives=None,
        promised=None, connection="post",
    )  # fmt: skip
    label = LabelBought(
        at=NOON, parcel_id=box.parcel_id, shipment_id=f"shp-{number}", label_id=f"lbl-{number}", tracking=f"1Z{number}",
        carrier="UPS", service="Ground", price=price, connection="post",
    )  # fmt: skip
    return quoted, label


def cancelled_after_the_first_left() -> OrderState:
    return summarize(
        [
            Received(at=NOON, order=three_packs(ChannelState.OPEN, 3), needs=TWO_PACKS),
            UnitsCommitted(at=NOON, allocations=SIX_PAIRS),
            *parcel(1, 1),
            *parcel(2, 2),
            Tracked(at=NOON, parcel_id="reno-1", state=TrackingState.IN_TRANSIT),
            Changed(at=NOON, order=three_packs(ChannelState.CANCELLED, 0), needs=()),
        ]
    )


@pytest.mark.req("R46", "R31")
@pytest.mark.case("C15")
def test_of_packs_in_two_parcels_the_pairs_in_the_one_that_left_are_gone_and_no_others() -> None:
    state = cancelled_after_the_first_left()

    [gone] = units_gone(state)
    assert (gone.sku, gone.location, gone.units) == ("SOCKS-CHEF", "reno", 2)
    assert [[(a.sku, a.units) for a in contents(state, p)] for p in state.parcels] == [
        [("SOCKS-CHEF", 2)],
        [("SOCKS-CHEF", 4)],
    ]


@pytest.mark.req("R46")
def test_a_state_kept_before_it_knew_what_lines_are_made_of_says_it_by_what_is_needed() -> None:
    known = cancelled_after_the_first_left()
    older = known.model_copy(
        update={"made_of": {}, "order": three_packs(ChannelState.OPEN, 3), "needs": TWO_PACKS}
    )

    assert [a.units for a in contents(older, older.parcels[1])] == [4]
    assert [a.units for a in units_gone(older)] == [2]


def left_under_a_voided_label(*, freed: bool) -> OrderState:
    return summarize(
        [
            Received(at=NOON, order=three_packs(ChannelState.OPEN, 3), needs=TWO_PACKS),
            UnitsCommitted(at=NOON, allocations=SIX_PAIRS),
            *parcel(1, 3),
            Changed(at=NOON, order=three_packs(ChannelState.CANCELLED, 0), needs=()),
            LabelVoided(at=NOON, parcel_id="reno-1", why="cancelled", label_id="lbl-1", pending=True),
            *([UnitsReleased(at=NOON, allocations=SIX_PAIRS, why="released")] if freed else []),
            LeftAfterVoid(at=NOON, parcel_id="reno-1", label_id="lbl-1", state=TrackingState.IN_TRANSIT),
        ]
    )


@pytest.mark.req("R46", "R31")
@pytest.mark.case("C15")
def test_what_leaves_under_a_voided_label_is_written_off_once_whether_it_was_set_free_before_or_not() -> None:
    held, freed = left_under_a_voided_label(freed=False), left_under_a_voided_label(freed=True)

    assert (units_gone(held), left_after_void(held)) == (SIX_PAIRS, None)
    assert (units_gone(freed), left_after_void(freed)) == ((), freed.parcels[0])
    assert [a.units for a in contents(freed, freed.parcels[0])] == [6]
    over = fold(freed, UnitsShipped(at=NOON, allocations=SIX_PAIRS, label_id="lbl-1"))
    assert (units_gone(over), left_after_void(over)) == ((), None)
