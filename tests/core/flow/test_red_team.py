"""Things that go on behind the hub's back: between reading and deciding, after the label, in part, or by third parties."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.bogus.carrier import BogusCarrier, scan
from connectors.bogus.channel import change_order, order_of, shipped_more
from connectors.bogus.client import Effect, Fault
from core.domain.commit import OrderCommit
from core.domain.state import OrderState, Stage
from core.engine.advance import begin
from core.engine.hub import Hub
from core.engine.run import ClaimLostError
from core.model.actions import Action
from core.model.facts import Parked, Tracked
from core.model.order import Order, Shipped
from core.model.shipment import Quotes, TrackingEvent, TrackingState
from core.services import actions
from core.steps import delivery
from core.steps.sync import sync_order
from core.store.listings import invalidate_level
from core.store.stock import receive_stock
from simulation.shoppers import Cart, cancel, place
from tests.builders import MERCHANT, Bench, config, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA, on_hand

PANS = Cart(number="KK-5", lines=(("SKILLET-12", 2, 100),), ship_to=home())
SECOND = timedelta(seconds=1)


async def state_of(b: Bench, order_id: str) -> OrderState:
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    return state


def edit(b: Bench, order_id: str, **changes: Any) -> None:
    b.clock.move_to(b.clock.now() + SECOND)
    order = order_of(b.world, "shop", order_id)
    change_order(b.world, "shop", order.model_copy(update=changes))


def with_units(order: Order, units: int) -> dict[str, Any]:
    [line] = order.lines
    minor = {"minor": line.unit_price.minor * units}
    more = units - line.quantity
    new = {"quantity": units, "open_quantity": line.open_quantity + more}
    return {
        "lines": (line.model_copy(update=new),),
        "total": order.total.model_copy(update=minor),
        "total_presentment": order.total_presentment.model_copy(update=minor),
    }


def with_total(order: Order, minor: int) -> dict[str, Any]:
    return {
        "total": order.total.model_copy(update={"minor": minor}),
        "total_presentment": order.total_presentment.model_copy(update={"minor": minor}),
        "rounding": order.rounding.model_copy(update={"minor": minor - 11610}),
    }


def labels(b: Bench) -> list[str]:
    return [s.reference for s in b.world.shipments.values() if s.label and not s.voided]


def tell_at_the_scan(b: Bench) -> None:
    b.hub.merchants[MERCHANT] = replace(b.hub.merchants[MERCHANT], config=config(tell="scan"))


def during(b: Bench, operation: str, what: Callable[[], Awaitable[None]]) -> None:
    """Have something happen once, in the middle of a call."""
    called: list[str] = []
    left = [what]

    def note(name: str) -> None:
        called.append(name)

    async def meanwhile() -> None:
        if called and called[-1] == operation and left:
            await left.pop()()

    b.world.faults = note
    b.world.meanwhile = meanwhile


def streets(b: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Note where each shipment goes; return the streets of those whose label was bought."""
    seen: dict[str, str] = {}
    quote = BogusCarrier.quote

    async def noted(self: BogusCarrier, **asked: Any) -> Quotes:
        quotes = await quote(self, **asked)
        seen[quotes.shipment_id] = asked["recipient"].street1
        return quotes

    monkeypatch.setattr(BogusCarrier, "quote", noted)
    return lambda: [seen[i] for i, s in b.world.shipments.items() if s.label]


def move(b: Bench, order_id: str) -> None:
    kept = b.world.shop("shop").orders[order_id]
    personal = kept.personal.model_copy(update={"ship_to": home(street1="9 New Street")})
    b.world.shop("shop").orders[order_id] = kept.model_copy(update={"personal": personal})


@pytest.mark.req("R45", "R42")
async def test_an_order_that_changes_while_its_label_is_bought_gets_one_label(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)

    async def change() -> None:
        edit(b, "kk-1001")
        await sync_order(b.hub, MERCHANT, "shop", "kk-1001")

    during(b, "buy", change)
    await pass_time(b, GRACE * 2)
    assert labels(b) == ["KK-1001/reno-1"]
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R45", "R42")
async def test_an_order_that_changes_before_a_lost_answer_is_looked_up_gets_one_label(b: Bench) -> None:
    left = [Fault.REPLY_LOST]
    b.world.faults = lambda called: left.pop() if called == "buy" and left else None
    place(b.world, "shop", KARA)
    await settle(b)
    b.clock.move_to(b.clock.now() + timedelta(minutes=15, seconds=1))
    await settle(b)
    assert not left
    edit(b, "kk-1001")
    await pass_time(b, GRACE)
    assert labels(b) == ["KK-1001/reno-1"]
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R24", "R29")
@pytest.mark.parametrize("units", [1, 4])
async def test_other_units_after_the_label_hold_the_order_and_move_no_stock(b: Bench, units: int) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", PANS)
    await pass_time(b, GRACE)
    await b.store.write(
        receive_stock, MERCHANT, [("SKILLET-12", "easton", 5)], actor="person:kendra", now=b.clock.now()
    )
    before = await on_hand(b)
    edit(b, "kk-5", **with_units(order_of(b.world, "shop", "kk-5"), units))
    await pass_time(b, GRACE)
    assert "changed_after_label" in (await state_of(b, "shop:kk-5")).holds
    assert await on_hand(b) == before
    assert labels(b) == ["KK-5/reno-1"]
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    assert (await on_hand(b))["SKILLET-12", "reno"] == (1, 0)


@pytest.mark.req("R24")
async def test_units_added_after_the_parcel_left_hold_the_order(b: Bench) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", PANS)
    await pass_time(b, GRACE)
    b.world.faults = lambda called: Fault.BEFORE if called == "tell_shipped" else None
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    edit(b, "kk-5", **with_units(order_of(b.world, "shop", "kk-5"), 3))
    await settle(b)
    state = await state_of(b, "shop:kk-5")
    assert state.parked is None
    assert "changed_after_label" in state.holds
    assert (await on_hand(b))["SKILLET-12", "reno"] == (1, 0)


@pytest.mark.req("R24")
async def test_an_address_changed_while_rates_are_asked_is_where_the_label_goes(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = streets(b, monkeypatch)
    place(b.world, "shop", KARA)
    await settle(b)

    async def change() -> None:
        move(b, "kk-1001")
        edit(b, "kk-1001")
        await sync_order(b.hub, MERCHANT, "shop", "kk-1001")

    during(b, "quote", change)
    await pass_time(b, GRACE)
    assert bought() == ["9 New Street"]


@pytest.mark.req("R07", "R24")
async def test_a_street_changed_within_the_channel_clocks_same_instant_is_where_the_label_goes(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = streets(b, monkeypatch)
    place(b.world, "shop", KARA)
    await settle(b)
    move(b, "kk-1001")
    change_order(b.world, "shop", order_of(b.world, "shop", "kk-1001"))
    await pass_time(b, GRACE)
    assert bought() == ["9 New Street"]


@pytest.mark.req("R84")
async def test_an_order_partly_shipped_by_a_third_party_is_held(b: Bench) -> None:
    place(b.world, "shop", PANS)
    sent = Shipped(tracking="LINN1", carrier="Other", lines=(("l1", 1),))
    change_order(b.world, "shop", shipped_more(order_of(b.world, "shop", "kk-5"), sent))
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-5")).holds == {"not_ours": "a third party shipped a part of it"}
    assert labels(b) == []


@pytest.mark.req("R84")
async def test_an_order_whose_work_order_is_closed_is_held(b: Bench) -> None:
    place(b.world, "shop", KARA)
    works = order_of(b.world, "shop", "kk-1001").work_orders
    edit(b, "kk-1001", work_orders=tuple(w.model_copy(update={"open": False}) for w in works))
    await pass_time(b, GRACE)
    assert list((await state_of(b, "shop:kk-1001")).holds) == ["not_ours"]
    assert labels(b) == []


@pytest.mark.req("R46", "R31")
async def test_of_a_cancelled_order_what_left_is_gone_and_what_stayed_is_free(b: Bench) -> None:
    tell_at_the_scan(b)
    place(
        b.world, "shop", Cart(number="KK-6", lines=(("CHEF-8", 1, 100), ("DUTCH-6", 1, 100)), ship_to=home())
    )
    await pass_time(b, GRACE)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    cancel(b.world, "shop", "kk-6")
    await pass_time(b, timedelta(minutes=5))
    assert ((await on_hand(b))["CHEF-8", "reno"], (await on_hand(b))["DUTCH-6", "easton"]) == (
        (13, 0),
        (4, 0),
    )


async def _no_scans(_carrier: BogusCarrier, _tracker: str) -> tuple[TrackingEvent, ...]:
    return ()


@pytest.mark.req("R46", "R31")
async def test_a_parcel_that_left_a_parked_order_is_taken_off_on_hand(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    late, b.world.notifications = b.world.notifications, []
    with monkeypatch.context() as shows_nothing_yet:
        shows_nothing_yet.setattr(BogusCarrier, "fetch_tracking", _no_scans)
        cancel(b.world, "shop", "kk-1001")
        await settle(b)
    assert (await state_of(b, "shop:kk-1001")).parked is not None
    b.world.notifications = late
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).parked is None
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)


@pytest.mark.req("R87")
async def test_labels_stopped_while_the_order_is_read_again_are_not_bought(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)

    async def stop() -> None:
        await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=False, actor="person:kendra")

    during(b, "fetch_order", stop)
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).parked is None
    assert labels(b) == []


@pytest.mark.req("R87")
async def test_levels_stopped_while_they_are_read_are_not_written(b: Bench) -> None:
    await settle(b)
    written = len(b.world.shop("amz").writes)

    async def stop() -> None:
        await actions.switch(b.hub, MERCHANT, "amz", [Action.LEVELS], on=False, actor="person:kendra")

    during(b, "read_levels", stop)
    await b.store.write(invalidate_level, MERCHANT, "amz", "KK-CHEF8", now=b.clock.now())
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 2, 9000),), ship_to=home()))
    await pass_time(b, timedelta(minutes=5))
    assert len(b.world.shop("amz").writes) == written


@pytest.mark.req("R46")
async def test_a_parked_order_can_be_rejected(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    parked = Parked(at=b.clock.now(), step="buy", error="RejectedError", message="no")
    await b.store.commit(
        OrderCommit(merchant=MERCHANT, order_id="shop:kk-1001", at=b.clock.now(), happened=(parked,))
    )
    await actions.reject(b.hub, MERCHANT, "shop:kk-1001", "fraud", "person:kendra")
    await pass_time(b, timedelta(minutes=2))
    assert b.world.effects[Effect.CANCEL, "kk-1001"] == 1


async def test_a_short_payment_that_a_person_released_ships_and_a_shorter_one_holds_again(b: Bench) -> None:
    place(b.world, "shop", KARA)
    edit(b, "kk-1001", **with_total(order_of(b.world, "shop", "kk-1001"), 11611))
    await settle(b)
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "payment_short", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.READY
    edit(b, "kk-1001", **with_total(order_of(b.world, "shop", "kk-1001"), 51611))
    await settle(b)
    assert "payment_short" in (await state_of(b, "shop:kk-1001")).holds
    edit(b, "kk-1001", **with_total(order_of(b.world, "shop", "kk-1001"), 11611))
    await settle(b)
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "payment_short", "person:kendra")
    await pass_time(b, GRACE)
    assert labels(b) == ["KK-1001/reno-1"]


@pytest.mark.req("R31")
async def test_a_run_that_lost_its_claim_does_not_take_the_same_units_off_again(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    scanned = Tracked(at=b.clock.now(), parcel_id="reno-1", state=TrackingState.IN_TRANSIT)
    await b.store.commit(
        OrderCommit(merchant=MERCHANT, order_id="shop:kk-1001", at=b.clock.now(), happened=(scanned,))
    )
    stalled = await begin(b.hub, MERCHANT, "shop:kk-1001")
    b.clock.move_to(b.clock.now() + timedelta(minutes=30))
    other = Hub(store=b.store, clock=b.clock, owner="w2", merchants=b.hub.merchants)
    successor = await begin(other, MERCHANT, "shop:kk-1001")
    assert stalled is not None
    assert successor is not None
    await delivery.leave(successor)
    with pytest.raises(ClaimLostError):
        await delivery.leave(stalled)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
