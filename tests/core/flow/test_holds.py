"""What holds an order, cause by cause, and under which tab it then stands: pure, without a hub."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.departures import third_party_allocations
from core.domain.due import View, open_captures
from core.domain.fold import fold
from core.domain.holds import Context, causes
from core.domain.payment import check
from core.domain.state import OpenIntent, OrderState, ParcelState, Stage, covers_needs, third_party_shipped
from core.model.effects import Outcome
from core.model.facts import LabelAsked, RateRefused, Received, Released, Settled
from core.model.holds import Hold
from core.model.order import ChannelState, FulfilledBy, Order, OrderLine, WorkOrder
from core.model.shipment import Parcel
from core.model.stock import Allocation
from tests.builders import config
from tests.core.payment.test_verify import NOW, STRIPE, at_gateway, order, paid, usd
from tests.core.shipping.parcels_abroad import order as order_of
from tests.core.shipping.parcels_abroad import quoted

SETTING = Context(
    home_countries=frozenset({"US"}), tariff_code=lambda _: "8211.92", places={}, no_label="", now=NOW
)
PAID = paid("sale", 5000)


def received(**changes: object) -> OrderState:
    """An order of 50.00 USD that was paid, with something else about it."""
    made = Order.model_validate(order(5000, PAID).model_dump() | changes)
    return fold(OrderState(), Received(at=NOW, order=made, needs=()))


def line(**changes: object) -> tuple[OrderLine, ...]:
    (only,) = order(5000, PAID).lines
    return (only.model_copy(update=changes),)


@pytest.mark.req("R23")
@pytest.mark.parametrize(
    ("changes", "hold", "detail"),
    [
        ({"test": True}, Hold.NOT_OURS, "test order"),
        ({"programs": ("PRIME", "TRANSPARENCY")}, Hold.NOT_OURS, "PRIME, TRANSPARENCY"),
        ({"cancel_requested": True}, Hold.NOT_OURS, "the buyer asks to cancel"),
        ({"lines": line(customized=True)}, Hold.NOT_OURS, "customized"),
        ({"tips": usd(300).model_copy(update={"side": order(1).total.side})}, Hold.TOTAL_MISMATCH,
         "the channel's total is -3.00 USD more than its parts"),
        ({"work_orders": (WorkOrder(work_id="w1", location=None, open=False),)}, Hold.NOT_OURS,
         "the channel does not ask for all of it to be shipped now"),
        ({"work_orders": (WorkOrder(work_id="w1", location="l", open=True, due_at=NOW + timedelta(days=2)),)},
         Hold.NOT_OURS, "the channel does not ask for all of it to be shipped now"),
        ({"work_orders": (WorkOrder(work_id="w1", location="l", open=True, due_at=NOW + timedelta(days=2),
                                    lines=(("wl1", order(1).lines[0].line_id, 1),)),)},
         Hold.NOT_OURS, "the channel wants it shipped from 2026-12-02 18:00 UTC on"),
    ],
)  # fmt: skip
def test_each_cause_holds_with_its_words(changes: dict[str, object], hold: Hold, detail: str) -> None:
    assert causes(received(**changes), SETTING) == {hold: detail}


@pytest.mark.req("R99")
def test_in_test_mode_a_test_order_is_ours() -> None:
    assert causes(received(test=True), replace(SETTING, in_test=True)) == {}


@pytest.mark.req("R23", "R31")
def test_an_order_that_its_channel_ships_has_a_tab_of_its_own_and_nothing_to_hold() -> None:
    state = received(fulfilled_by=FulfilledBy.CHANNEL)
    assert (state.stage, causes(state, SETTING), third_party_shipped(state)) == (
        Stage.FULFILLED_BY_CHANNEL,
        {},
        {},
    )


def test_of_an_order_that_is_not_known_nothing_is_packed_shipped_or_taken_off() -> None:
    nothing = OrderState()
    assert (covers_needs(nothing), third_party_shipped(nothing)) == (False, {})
    assert third_party_allocations(nothing) == ()
    assert causes(nothing, SETTING) == {}


@pytest.mark.parametrize("state", [ChannelState.PENDING, ChannelState.SHIPPED, ChannelState.CANCELLED])
def test_nothing_is_taken_off_for_a_third_party_of_an_order_that_is_not_open(state: ChannelState) -> None:
    assert third_party_allocations(received(state=state, lines=line(open_quantity=0))) == ()


def test_a_label_that_a_person_asked_for_is_remembered() -> None:
    assert fold(received(), LabelAsked(at=NOW, actor="person:kendra")).label_asked is True


@pytest.mark.req("R44")
def test_a_hold_that_is_released_twice_is_overruled_once() -> None:
    short = fold(received(), check(order(9000, PAID), STRIPE, at_gateway(5000), NOW))
    released = Released(at=NOW, actor="person:kendra", reason=Hold.PAYMENT_SHORT)
    assert fold(fold(short, released), released).overruled == (Hold.PAYMENT_SHORT,)
    ours = Released(at=NOW, actor="hub", reason=Hold.PAYMENT_SHORT)
    assert fold(short, ours).overruled == ()


def test_nothing_can_be_decided_about_an_order_that_is_not_known() -> None:
    view = View(
        state=OrderState(), now=NOW, config=config(), accepted=lambda *_: True, tariff_code=lambda _: None,
        can_capture=True, email_known=True, places={}, carrier="post", mailer="mail", mails_since=None,
    )  # fmt: skip
    with pytest.raises(ValueError, match="the order is not known yet"):
        _ = view.order
    assert open_captures(view.state) == ()


@pytest.mark.req("R31")
def test_what_a_third_party_shipped_is_taken_off_line_by_line() -> None:
    made = order_of(("l1", "CHEF-8", 4, 1000, 0), ("l2", "BOARD-WAL", 2, 700, 0), ("l3", "UTIL-5", 1, 500, 0))
    shipped = {"l1": 1, "l2": 2, "l3": 1}
    lines = tuple(o.model_copy(update={"open_quantity": shipped[o.line_id]}) for o in made.lines)
    taken = {"l1": ("CHEF-8", 4), "l2": ("BOARD-WAL", 2), "l3": ("UTIL-5", 1)}
    allocations = tuple(
        Allocation(line_id=line_id, sku=sku, location="reno", units=units)
        for line_id, (sku, units) in taken.items()
    )
    state = OrderState(order=made.model_copy(update={"lines": lines}), allocations=allocations)
    assert [(a.line_id, a.units) for a in third_party_allocations(state)] == [("l1", 3)]
    half = allocations[0].model_copy(update={"units": 2})
    told = state.model_copy(update={"third_party_units": {"l1": 2}, "allocations": (half, *allocations[1:])})
    assert [(a.line_id, a.units) for a in third_party_allocations(told)] == [("l1", 1)]
    quote = quoted(parcel(1), ())
    locked = OpenIntent(
        key="k", operation="buy", connection="post", look_up_at=NOW, data={"parcel": "reno-1"}
    )
    buying = state.model_copy(update={"parcels": (ParcelState(quote=quote),), "open": (locked,)})
    assert third_party_allocations(buying) == ()


@pytest.mark.req("R42")
@pytest.mark.parametrize(("outcome", "left"), [(Outcome.DONE, 1), (Outcome.UNDONE, 0), (Outcome.REFUSED, 0)])
def test_a_parcel_that_an_edit_outdated_goes_once_its_label_was_not_sold_after_all(
    outcome: Outcome, left: int
) -> None:
    intent = OpenIntent(
        key="k", operation="buy", connection="post", look_up_at=NOW, data={"parcel": "reno-1"}
    )
    state = received().model_copy(
        update={"parcels": (ParcelState(quote=quoted(parcel(1), ()), outdated=True),), "open": (intent,)}
    )
    other = fold(state, Settled(at=NOW, key="another", operation="capture", outcome=Outcome.UNDONE))
    assert len(other.parcels) == 1
    assert len(fold(state, Settled(at=NOW, key="k", operation="buy", outcome=outcome)).parcels) == left


def parcel(number: int) -> Parcel:
    return Parcel(
        parcel_id=f"reno-{number}", location="reno", box="M", size_mm=(420, 320, 80), gross_g=900, lines=(("l1", 1),)
    )  # fmt: skip


@pytest.mark.req("R73")
@pytest.mark.case("C8")
def test_a_rate_is_refused_for_the_parcel_it_was_refused_for_alone() -> None:
    state = received()
    for number in (1, 2):
        state = fold(state, quoted(parcel(number), ()))
    refused = RateRefused(
        at=NOW,
        parcel_id="reno-2",
        rate_id="r1",
        carrier="USPS",
        service="Priority",
        code="NO_SERVICE",
        message="",
    )
    after = fold(state, refused)
    assert [p.refusals for p in after.parcels] == [{}, {"USPS Priority": "NO_SERVICE"}]
