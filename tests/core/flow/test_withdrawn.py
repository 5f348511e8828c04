"""Staff cancel at the shop what was told: one parcel's fulfillment, or the whole order; and carriers that will not void."""

from datetime import timedelta

import pytest

from connectors.bogus.carrier import BogusCarrier, scan
from connectors.bogus.channel import change_order, order_of
from connectors.bogus.client import Effect
from core.domain.state import OrderState, Stage
from core.domain.summary import summary
from core.engine.retry import MOST_ATTEMPTS
from core.errors import UnavailableError
from core.model.holds import Hold
from core.model.order import ChannelState, Shipped
from core.model.payment import Movement, MovementState
from core.model.shipment import TrackingState, VoidState
from core.services import actions, notices
from core.services.waiting import waiting_of
from core.store.orders import facts_of
from simulation.shoppers import Cart, cancel, place, ship_elsewhere
from tests.builders import MERCHANT, Bench, config, connections, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA, on_hand, state_of

pytestmark = [pytest.mark.req("R115", "R47"), pytest.mark.case("C15")]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ORDER = "shop:kk-1001"
OUR_NUMBER = "TRK00000001"
HALVES = Cart(
    number="KK-9", lines=(("CHEF-8", 1, 8900), ("DUTCH-6", 1, 14900)), ship_to=home(), email="k@example.test"
)
"""The knife lies in Reno, the Dutch oven in Easton: two parcels."""


def withdraw(b: Bench, number: str, *trackings: str) -> None:
    """Have staff cancel the fulfillments of some tracking numbers: their units are to ship again."""
    order = order_of(b.world, "shop", number)
    gone = [s for s in order.shipped if s.tracking in trackings]
    back = {line: units for s in gone for line, units in s.lines}
    change_order(
        b.world,
        "shop",
        order.model_copy(
            update={
                "state": ChannelState.OPEN,
                "shipped": tuple(s for s in order.shipped if s not in gone),
                "withdrawn": (*order.withdrawn, *trackings),
                "lines": tuple(
                    line.model_copy(update={"open_quantity": line.open_quantity + back.get(line.line_id, 0)})
                    for line in order.lines
                ),
                "work_orders": tuple(
                    w.model_copy(update={"open": True, "lines": ((f"{line}-w", line, units),)})
                    for w, (line, units) in zip(order.work_orders, back.items(), strict=False)
                ),
            }
        ),
    )


async def told(b: Bench) -> OrderState:
    """A knife-and-board set, labelled and told."""
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    state = await state_of(b, ORDER)
    assert (state.stage, [p.told for p in state.parcels]) == (Stage.SHIPPED, [True])
    b.clock.move_to(b.clock.now() + MINUTE)
    return state


async def cancelled_by_staff(b: Bench) -> None:
    withdraw(b, "kk-1001", OUR_NUMBER)
    cancel(b.world, "shop", "kk-1001")
    await settle(b)


async def timeline(b: Bench, order_id: str = ORDER) -> list[str]:
    return [text for f in await b.store.read(facts_of, MERCHANT, order_id) if (text := summary(f))]


async def told_to_merchant(b: Bench) -> list[tuple[str, str]]:
    return [(n.kind, n.text) for n in await notices.open_notices(b.hub, MERCHANT)]


async def test_an_order_cancelled_after_it_was_told_gives_label_and_units_back(b: Bench) -> None:
    await told(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)

    await cancelled_by_staff(b)

    state = await state_of(b, ORDER)
    assert (state.stage, state.parcels, state.parked) == (Stage.CANCELLED, (), None)
    assert [p.void for p in state.voided] == [VoidState.ASKED]
    waits = (await waiting_of(b.hub, MERCHANT, [ORDER]))[ORDER]
    assert (waits.what, waits.do) == ("its carrier to take the label back", "Nothing: the hub does it.")
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)
    await pass_time(b, 5 * MINUTE)
    assert [p.void for p in (await state_of(b, ORDER)).voided] == [VoidState.DONE]
    assert (await waiting_of(b.hub, MERCHANT, [ORDER]))[ORDER].what == "nothing: it is cancelled"
    assert b.world.effects[Effect.VOID, "shp-1"] == 1
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 1
    assert [m.kind for m in b.world.mails] == ["confirmation", "shipping", "cancellation"]
    assert await told_to_merchant(b) == []
    said = await timeline(b)
    assert "Label of parcel reno-1 voided: the order was cancelled (the carrier has not answered yet)" in said
    assert "Parcel reno-1: the carrier took the label back" in said


@pytest.mark.parametrize("times", [1, 4])
async def test_a_carrier_that_rejects_the_void_later_is_asked_again(b: Bench, times: int) -> None:
    await told(b)
    b.world.voids_to_reject = times

    await cancelled_by_staff(b)
    await pass_time(b, HOUR)

    state = await state_of(b, ORDER)
    assert [(p.void, p.voids_rejected) for p in state.voided] == [(VoidState.DONE, times)]
    assert (b.world.calls["post", "void"], b.world.effects[Effect.VOID, "shp-1"]) == (times + 1, 1)
    assert b.world.shipments["shp-1"].voided
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)
    rejected = "Parcel reno-1: the carrier rejected the void; it is asked again"
    said = await timeline(b)
    assert said.count(rejected) == times
    again = "Label of parcel reno-1 voided: the order was cancelled (the carrier has not answered yet)"
    assert said.count(again) == times + 1


async def test_a_carrier_that_never_takes_the_label_back_is_left_to_a_person_after_thirty_days(
    b: Bench,
) -> None:
    await told(b)
    b.world.voids_to_reject = 10_000

    await cancelled_by_staff(b)
    await pass_time(b, 31 * DAY)

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert state.parked is not None
    assert (state.parked.step, state.parked.message) == (
        "void_again",
        "post: the carrier does not take the label back",
    )
    assert b.world.calls["post", "void"] < 200
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)


async def test_a_carrier_that_takes_weeks_is_asked_twice_a_day_and_believed(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    really = BogusCarrier.find_void

    async def slow(carrier: BogusCarrier, shipment: str) -> Movement:
        asked.append(1)
        pending = Movement(state=MovementState.PENDING, reference=shipment)
        return await really(carrier, shipment) if b.clock.now() > begun + 20 * DAY else pending

    monkeypatch.setattr(BogusCarrier, "find_void", slow)
    await told(b)
    begun = b.clock.now()
    await cancelled_by_staff(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)
    await pass_time(b, 21 * DAY)

    assert [p.void for p in (await state_of(b, ORDER)).voided] == [VoidState.DONE]
    assert 40 < len(asked) < 60


async def test_a_carrier_that_never_answers_is_asked_for_45_days(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def never(_carrier: BogusCarrier, shipment: str) -> Movement:
        asked.append(1)
        return Movement(state=MovementState.PENDING, reference=shipment)

    monkeypatch.setattr(BogusCarrier, "find_void", never)
    await told(b)
    await cancelled_by_staff(b)
    await pass_time(b, 46 * DAY)
    so_far = len(asked)
    await pass_time(b, 10 * DAY)

    assert len(asked) == so_far
    assert (await timeline(b))[-1] == (
        "parcel reno-1: Hare did not say within 45 days whether it takes the label back; it is asked no more"
    )


async def test_a_parcel_that_left_before_its_order_was_cancelled_is_gone_and_a_person_told(b: Bench) -> None:
    await told(b)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)

    await cancelled_by_staff(b)
    await pass_time(b, HOUR)

    state = await state_of(b, ORDER)
    assert (state.stage, state.voided, state.parked) == (Stage.CANCELLED, (), None)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
    assert ("post", "void") not in b.world.calls
    left = (
        f"Order KK-1001 was cancelled, but its parcel {OUR_NUMBER} has left: "
        "have Hare send it back, or expect it to arrive."
    )
    assert await told_to_merchant(b) == [("left_though_cancelled", left)]


async def test_a_scan_that_nobody_told_is_found_where_the_void_is_refused(b: Bench) -> None:
    await told(b)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    b.world.notifications.clear()

    await cancelled_by_staff(b)

    state = await state_of(b, ORDER)
    assert (state.stage, state.parked, [p.departed for p in state.parcels]) == (Stage.CANCELLED, None, [True])
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
    assert [kind for kind, _ in await told_to_merchant(b)] == ["left_though_cancelled"]


async def test_a_parcel_that_leaves_under_a_voided_label_is_taken_off_on_hand_once(b: Bench) -> None:
    await told(b)
    await cancelled_by_staff(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)
    for state in (TrackingState.IN_TRANSIT, TrackingState.DELIVERED):
        b.clock.move_to(b.clock.now() + MINUTE)
        scan(b.world, "post", "shp-1", state)
        await settle(b)
        scan(b.world, "post", "shp-1", state)
        await settle(b)
    await pass_time(b, HOUR)

    stock = await on_hand(b)
    assert (stock["CHEF-8", "reno"], stock["BOARD-WAL", "reno"]) == ((13, 0), (6, 0))
    found = await state_of(b, ORDER)
    assert (found.stage, found.voided, [p.departed for p in found.parcels]) == (Stage.CANCELLED, (), [True])
    assert [kind for kind, _ in await told_to_merchant(b)] == ["left_though_cancelled"]
    assert b.world.calls["post", "void"] == 1


async def test_of_two_parcels_the_one_that_left_is_gone_and_the_other_comes_back(b: Bench) -> None:
    place(b.world, "shop", HALVES)
    await pass_time(b, GRACE)
    parcels = (await state_of(b, "shop:kk-9")).parcels
    assert sorted(p.quote.parcel.location for p in parcels) == ["easton", "reno"]
    of_reno = next(p.label for p in parcels if p.quote.parcel.location == "reno")
    assert of_reno is not None
    scan(b.world, "post", of_reno.shipment_id, TrackingState.IN_TRANSIT)
    await settle(b)
    b.clock.move_to(b.clock.now() + MINUTE)
    withdraw(b, "kk-9", *(p.label.tracking for p in parcels if p.label))
    cancel(b.world, "shop", "kk-9")
    await pass_time(b, HOUR)

    stock, state = await on_hand(b), await state_of(b, "shop:kk-9")
    assert (stock["CHEF-8", "reno"], stock["DUTCH-6", "easton"]) == ((13, 0), (4, 0))
    assert [p.quote.parcel.location for p in state.voided] == ["easton"]
    assert [p.quote.parcel.location for p in state.parcels] == ["reno"]
    assert [kind for kind, _ in await told_to_merchant(b)] == ["left_though_cancelled"]


async def test_a_withdrawn_parcel_of_an_order_that_stays_is_held_and_nothing_is_done_to_it(b: Bench) -> None:
    await told(b)
    withdraw(b, "kk-1001", OUR_NUMBER)
    await pass_time(b, HOUR)

    state = await state_of(b, ORDER)
    assert state.holds == {
        Hold.WITHDRAWN: f"the channel cancelled the fulfillment of parcel reno-1 ({OUR_NUMBER}), and its label is "
        "bought still: release to tell it again, or cancel the order there"
    }
    assert (state.stage, state.voided, [p.told for p in state.parcels]) == (Stage.LABELLED, (), [False])
    assert ("post", "void") not in b.world.calls
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 1
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)


async def test_released_by_a_person_it_is_told_again_once_and_held_again_where_it_is_withdrawn_again(
    b: Bench,
) -> None:
    await told(b)
    withdraw(b, "kk-1001", OUR_NUMBER)
    await settle(b)
    await actions.release(b.hub, MERCHANT, ORDER, "withdrawn", "person:kendra")
    await pass_time(b, HOUR)

    state = await state_of(b, ORDER)
    assert (state.stage, state.holds, state.parked) == (Stage.SHIPPED, {}, None)
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 2
    assert [s.tracking for s in order_of(b.world, "shop", "kk-1001").shipped] == [OUR_NUMBER]
    assert [m.kind for m in b.world.mails] == ["confirmation", "shipping"]
    b.clock.move_to(b.clock.now() + MINUTE)
    withdraw(b, "kk-1001", OUR_NUMBER)
    await pass_time(b, HOUR)
    assert list((await state_of(b, ORDER)).holds) == [Hold.WITHDRAWN]
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 2


async def test_cancelled_after_all_the_held_parcel_comes_back(b: Bench) -> None:
    await told(b)
    withdraw(b, "kk-1001", OUR_NUMBER)
    await pass_time(b, HOUR)
    cancel(b.world, "shop", "kk-1001")
    await pass_time(b, HOUR)

    state = await state_of(b, ORDER)
    assert (state.stage, state.holds, [p.void for p in state.voided]) == (
        Stage.CANCELLED,
        {},
        [VoidState.DONE],
    )
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)


async def test_staff_who_ship_it_anew_under_our_number_end_the_hold(b: Bench) -> None:
    await told(b)
    withdraw(b, "kk-1001", OUR_NUMBER)
    await settle(b)
    order = order_of(b.world, "shop", "kk-1001")
    lines = tuple((line.line_id, line.quantity) for line in order.lines)
    anew = Shipped(tracking=OUR_NUMBER, carrier="Tortoise", lines=lines)
    closed = tuple(line.model_copy(update={"open_quantity": 0}) for line in order.lines)
    changes = {"shipped": (anew,), "withdrawn": (), "lines": closed, "state": ChannelState.SHIPPED}
    b.clock.move_to(b.clock.now() + MINUTE)
    change_order(b.world, "shop", order.model_copy(update={**changes, "work_orders": ()}))
    await settle(b)

    state = await state_of(b, ORDER)
    assert (state.stage, state.holds) == (Stage.SHIPPED, {})
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 1


async def test_staff_who_ship_it_under_another_number_leave_our_label_unused(b: Bench) -> None:
    await told(b)
    withdraw(b, "kk-1001", OUR_NUMBER)
    await settle(b)
    b.clock.move_to(b.clock.now() + MINUTE)
    ship_elsewhere(b.world, "shop", "kk-1001", "LINN1")
    await settle(b)

    assert (await state_of(b, ORDER)).holds == {
        Hold.NOT_OURS: f"a third party shipped it too: LINN1; our label {OUR_NUMBER} is not used"
    }
    assert b.world.effects[Effect.TOLD, f"kk-1001/{OUR_NUMBER}"] == 1


async def test_of_two_parcels_only_the_withdrawn_one_is_named(b: Bench) -> None:
    place(b.world, "shop", HALVES)
    await pass_time(b, GRACE)
    [number] = [p.label.tracking for p in (await state_of(b, "shop:kk-9")).parcels if p.label and p.quote.parcel.location == "easton"]  # fmt: skip
    b.clock.move_to(b.clock.now() + MINUTE)
    withdraw(b, "kk-9", number)
    await pass_time(b, HOUR)

    state = await state_of(b, "shop:kk-9")
    assert {p.quote.parcel.location: p.told for p in state.parcels} == {"reno": True, "easton": False}
    assert state.holds[Hold.WITHDRAWN].startswith(
        f"the channel cancelled the fulfillment of parcel easton-1 ({number})"
    )


@pytest.mark.req("R14")
async def test_a_void_looked_for_while_the_carrier_is_down_waits_for_it(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = [MOST_ATTEMPTS + 20]
    really = BogusCarrier.find_void

    async def failing(carrier: BogusCarrier, shipment: str) -> Movement:
        if down[0]:
            down[0] -= 1
            raise UnavailableError("is down", connection="post")
        return await really(carrier, shipment)

    monkeypatch.setattr(BogusCarrier, "find_void", failing)
    await told(b)
    await cancelled_by_staff(b)
    await pass_time(b, DAY)

    assert [p.void for p in (await state_of(b, ORDER)).voided] == [VoidState.DONE]


@pytest.mark.req("R113")
async def test_a_label_that_a_person_takes_back_is_asked_for_again_in_the_same_words(b: Bench) -> None:
    b.hub.merchants[MERCHANT] = connections(b.world, config(tell="scan"))
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    b.world.voids_to_reject = 1

    await actions.void(b.hub, MERCHANT, ORDER, "reno-1", "person:kendra")
    await pass_time(b, HOUR)

    state = await state_of(b, ORDER)
    assert ([p.void for p in state.voided], list(state.holds)) == ([VoidState.DONE], [Hold.BY_PERSON])
    assert b.world.effects[Effect.VOID, "shp-1"] == 1
    voided = [text for text in await timeline(b) if " voided: " in text]
    words = "Label of parcel reno-1 voided: a person took it back (the carrier has not answered yet)"
    assert voided == [words, words]
