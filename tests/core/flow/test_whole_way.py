"""An order goes its whole way: from the channel's notification to shipped, told, mailed, delivered."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from connectors.bogus.carrier import scan
from connectors.bogus.client import Effect, Fault
from core.domain.state import OrderState, Stage
from core.model.shipment import TrackingState
from core.model.stock import ListingKey
from core.services import actions
from core.store.jobs import NewJob, enqueue
from core.store.links import link_all
from core.store.orders import facts_of
from core.store.products import list_products, save_products
from simulation.shoppers import Cart, cancel, place, ship_elsewhere
from tests.builders import MERCHANT, PRODUCTS, Bench, home
from tests.core.flow.play import carry, pass_time, settle, work
from tests.stored import list_stock

KARA = Cart(
    number="KK-1001", lines=(("SET-KNIFE-BOARD", 1, 11610),), ship_to=home(), email="kara@example.test"
)
KIM = Cart(
    number="KK-1002",
    lines=(("SKILLET-12", 1, 8597),),
    ship_to=home(name="Kim"),
    email="kim@example.test",
    pay="later",
)
KARL = Cart(number="112-1", lines=(("KK-SOCKS-2PK", 1, 3869),), ship_to=home(), pay="marketplace")
GRACE = timedelta(minutes=16)


async def state_of(b: Bench, order_id: str) -> OrderState:
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    assert state.parked is None
    return state


async def on_hand(b: Bench) -> dict[tuple[str, str], tuple[int, int]]:
    return {(r.sku, r.location): (r.on_hand, r.committed) for r in await b.store.read(list_stock, MERCHANT)}


@pytest.mark.req("R81", "R73", "S03", "S09")
async def test_an_order_is_shipped_told_and_mailed(b: Bench) -> None:
    await settle(b)
    place(b.world, "shop", KARA)
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.READY
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED
    assert dict(b.world.effects) == {
        (Effect.LABEL, "KK-1001/reno-1"): 1,
        (Effect.TOLD, "kk-1001/TRK00000001"): 1,
        (Effect.MAIL, "confirmation KK-1001"): 1,
        (Effect.MAIL, "shipping KK-1001"): 1,
    }


@pytest.mark.req("R31", "R89")
async def test_the_way_is_the_same_on_a_real_database(on_disk: Bench) -> None:
    place(on_disk.world, "shop", KIM)
    place(on_disk.world, "amz", KARL)
    await pass_time(on_disk, GRACE)
    assert (await state_of(on_disk, "shop:kk-1002")).stage is Stage.SHIPPED
    assert (await state_of(on_disk, "amz:112-1")).stage is Stage.SHIPPED
    assert set(on_disk.world.effects.values()) == {1}


@pytest.mark.req("R31")
async def test_units_leave_at_the_first_scan_and_the_order_ends_delivered(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
    b.clock.move_to(b.clock.now() + timedelta(hours=30))
    scan(b.world, "post", "shp-1", TrackingState.DELIVERED)
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.DELIVERED
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)


@pytest.mark.req("R89")
async def test_authorized_money_is_captured_once_through_the_shop_after_the_label(b: Bench) -> None:
    place(b.world, "shop", KIM)
    await settle(b)
    assert b.world.payments["pay-KK-1002"].captured.minor == 0
    await pass_time(b, GRACE)
    state = await state_of(b, "shop:kk-1002")
    assert state.stage is Stage.SHIPPED
    assert [(c.authorization, c.amount.minor) for c in state.captured] == [("KK-1002-t1", 8597)]
    assert b.world.payments["pay-KK-1002"].captured.minor == 8597
    assert b.world.effects[Effect.CAPTURE, "kk-1002/KK-1002-t1"] == 1


@pytest.mark.req("R72", "S03")
async def test_a_marketplace_order_asks_no_gateway_and_mails_nobody(b: Bench) -> None:
    place(b.world, "amz", KARL)
    await pass_time(b, GRACE)
    assert (await state_of(b, "amz:112-1")).stage is Stage.SHIPPED
    assert not [name for name, _ in b.world.calls if name == "pay"]
    assert not b.world.mails
    assert (await on_hand(b))["SOCKS-CHEF", "reno"] == (20, 2)


@pytest.mark.req("R34", "R13", "S08")
async def test_a_sale_is_shown_on_every_other_listing_and_never_written_where_it_sold(b: Bench) -> None:
    await settle(b)
    shop, market = b.world.shop("shop"), b.world.shop("amz")
    assert shop.levels[ListingKey(listing="CHEF-8", location="loc-reno")] == 13
    assert market.levels[ListingKey(listing="KK-CHEF8")] == 12
    written = len(shop.writes), len(market.writes)
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 2, 9000),), ship_to=home()))
    await pass_time(b, timedelta(minutes=5))
    assert shop.levels[ListingKey(listing="CHEF-8", location="loc-reno")] == 11
    assert market.levels[ListingKey(listing="KK-CHEF8")] == 10
    assert [key.listing for _, key, _ in shop.writes[written[0] :]] == []
    assert [(key.listing, n) for _, key, n in market.writes[written[1] :]] == [("KK-CHEF8", 10)]


@pytest.mark.req("R46")
async def test_a_cancelled_order_gives_its_units_back_and_gets_no_label(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
    cancel(b.world, "shop", "kk-1001")
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.CANCELLED
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)
    assert [kind for kind, _ in b.world.effects] == [Effect.MAIL, Effect.MAIL]
    assert [m.kind for m in b.world.mails] == ["confirmation", "cancellation"]


@pytest.mark.req("R46", "R47")
async def test_an_order_cancelled_after_its_label_has_the_label_taken_back(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    shop = b.world.shop("shop").orders["kk-1001"]
    reopened = shop.order.model_copy(update={"state": "open", "shipped": ()})
    b.world.shop("shop").orders["kk-1001"] = shop.model_copy(update={"order": reopened})
    cancel(b.world, "shop", "kk-1001")
    await pass_time(b, timedelta(minutes=2))
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.CANCELLED
    assert b.world.shipments["shp-1"].voided
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)


@pytest.mark.req("R84")
async def test_an_order_shipped_by_another_tool_gets_no_label_although_no_notification_came(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    ship_elsewhere(b.world, "shop", "kk-1001", "LINN1")
    b.world.notifications.clear()
    await pass_time(b, timedelta(minutes=16))
    state = await state_of(b, "shop:kk-1001")
    assert state.stage is Stage.SHIPPED_ELSEWHERE
    assert [kind for kind, _ in b.world.effects] == [Effect.MAIL]
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)


@pytest.mark.req("R06")
async def test_an_order_whose_notification_was_lost_is_found_by_the_poll(b: Bench) -> None:
    now = b.clock.now()
    await b.store.write(
        enqueue,
        MERCHANT,
        [NewJob(kind="poll", subject="shop", connection="shop", due_at=now, data={"since": now.isoformat()})],
    )
    await settle(b)
    place(b.world, "shop", KARA)
    b.world.notifications.clear()
    await pass_time(b, timedelta(minutes=6))
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.READY


@pytest.mark.req("R42")
@pytest.mark.parametrize("operation", ["buy", "capture", "tell_shipped", "quote", "set_levels"])
@pytest.mark.parametrize("fault", [Fault.REPLY_LOST, Fault.DELAYED, Fault.BEFORE, Fault.THROTTLED])
async def test_an_effect_whose_answer_is_lost_comes_to_pass_once(
    b: Bench, operation: str, fault: Fault
) -> None:
    left = [fault]
    b.world.faults = partial(_first, operation, left)
    place(b.world, "shop", KIM)
    await pass_time(b, timedelta(minutes=18))
    assert not left
    assert (await state_of(b, "shop:kk-1002")).stage is Stage.SHIPPED
    assert set(b.world.effects.values()) == {1}
    assert sorted(kind for kind, _ in b.world.effects) == ["capture", "label", "mail", "mail", "told"]


@pytest.mark.req("R42")
async def test_a_mail_whose_answer_is_lost_is_not_sent_again_and_people_are_told(b: Bench) -> None:
    b.world.faults = partial(_first, "send", [Fault.REPLY_LOST])
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert b.world.effects[Effect.MAIL, "confirmation KK-1001"] == 1
    texts = [f.text for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001") if f.kind == "noted"]
    assert texts == [
        "the mail server did not say whether it took the confirmation mail; it is not sent again"
    ]


def _first(operation: str, left: list[Fault], called: str) -> Fault | None:
    return left.pop() if called == operation and left else None


@pytest.mark.req("R18")
async def test_an_order_of_an_unlinked_listing_is_held_and_goes_on_once_linked(b: Bench) -> None:
    now = b.clock.now()
    await b.store.write(link_all, MERCHANT, {("shop", "SOCKS-CHEF"): {}}, now=now)
    place(b.world, "shop", Cart(number="KK-7", lines=(("SOCKS-CHEF", 1, 900),), ship_to=home()))
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-7")).holds == {"unlinked_sku": "SOCKS-CHEF"}
    await actions.link(b.hub, MERCHANT, "shop", "SOCKS-CHEF", {"SOCKS-CHEF": 1})
    await pass_time(b, timedelta(minutes=1))
    assert (await state_of(b, "shop:kk-7")).stage is Stage.SHIPPED


async def test_goods_that_fit_no_box_hold_the_order_until_a_person_tries_again(b: Bench) -> None:
    board = (await b.store.read(list_products, MERCHANT))["BOARD-WAL"]
    await b.store.write(save_products, MERCHANT, [replace(board, size_mm=(900, 900, 30))])
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    held = await state_of(b, "shop:kk-1001")
    assert held.holds == {"no_box": "a unit fits no box of crossdock.yaml"}
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "no_box", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).holds == {"no_box": "a unit fits no box of crossdock.yaml"}
    await b.store.write(save_products, MERCHANT, PRODUCTS)
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "no_box", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R85")
async def test_an_order_from_before_go_live_waits_for_a_person_and_is_never_mailed(b: Bench) -> None:
    b.clock.instant -= timedelta(hours=3)
    place(b.world, "shop", KARA)
    b.clock.instant += timedelta(hours=3)
    await pass_time(b, GRACE)
    assert list((await state_of(b, "shop:kk-1001")).holds) == ["before_go_live"]
    await actions.release(b.hub, MERCHANT, "shop:kk-1001", "before_go_live", "person:kendra")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED
    assert not b.world.mails


@pytest.mark.req("R46")
async def test_a_rejected_order_is_cancelled_refunded_once_and_its_units_are_free(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await settle(b)
    await actions.reject(b.hub, MERCHANT, "shop:kk-1001", "fraud", "person:kendra")
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.CANCELLED
    assert b.world.payments["pay-KK-1001"].refunded.minor == 11610
    assert b.world.effects[Effect.CANCEL, "kk-1001"] == 1
    assert b.world.effects[Effect.REFUND, "kk-1001/KK-1001-t1"] == 1
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)


@pytest.mark.req("R01")
async def test_a_notification_that_comes_fifty_times_makes_one_order_and_one_set_of_effects(b: Bench) -> None:
    place(b.world, "shop", KARA)
    notifications, b.world.notifications = tuple(b.world.notifications), []
    await carry(b, notifications * 50)
    await work(b)
    await carry(b, notifications * 50)
    await pass_time(b, GRACE)
    assert sorted(b.world.effects.values()) == [1, 1, 1, 1]
