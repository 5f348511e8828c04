"""What third parties do is theirs: foreign locations, other tools that ship, other apps that hold."""

from datetime import timedelta

import pytest

from connectors.bogus.carrier import scan
from connectors.bogus.channel import change_order, order_of, shipped_more
from connectors.bogus.client import Effect
from core.domain.state import Stage
from core.engine.advance import begin
from core.engine.hub import Hub
from core.model.order import Shipped, WorkOrder
from core.model.shipment import TrackingState
from core.services import actions
from core.steps.delivery import work_lines
from core.steps.sync import sync_order
from core.steps.third_party import note_part_shipped
from core.store.channel_locations import save_channel_locations
from core.store.jobs import NewJob, enqueue
from core.store.store import Store
from simulation.shoppers import Cart, place, ship_elsewhere
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_red_team import PANS, edit, labels, state_of, tell_at_the_scan
from tests.core.flow.test_whole_way import GRACE, KARA, on_hand

OURS = {"loc-reno": "reno", "loc-easton": "easton"}
TWO = Cart(number="KK-6", lines=(("CHEF-8", 1, 100), ("SOCKS-CHEF", 1, 100)), ship_to=home())


async def open_tokyo(store: Store) -> None:
    """The shop has a third location, of a service that ships for it and that crossdock.yaml does not name."""
    places = [("loc-reno", "Kendra Reno"), ("loc-easton", "Kendra Easton"), ("loc-tokyo", "Tokyo 3PL")]
    await store.write(save_channel_locations, MERCHANT, "shop", places, ours=OURS)


def assign(b: Bench, order_id: str, *works: tuple[str, tuple[str, ...]]) -> None:
    """Have the shop assign the order's lines to locations: (location, line ids) each."""
    order = order_of(b.world, "shop", order_id)
    units = {line.line_id: line.quantity for line in order.lines}
    edit(
        b,
        order_id,
        work_orders=tuple(
            WorkOrder(
                work_id=f"w{number}",
                location=location,
                open=True,
                lines=tuple((f"{line}-w", line, units[line]) for line in lines),
            )
            for number, (location, lines) in enumerate(works, start=1)
        ),
    )


@pytest.mark.req("R84", "R97")
async def test_work_at_a_location_that_the_file_does_not_name_is_never_touched(b: Bench) -> None:
    await open_tokyo(b.store)
    place(b.world, "shop", KARA)
    assign(b, "kk-1001", ("loc-tokyo", ("l1",)))
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).holds == {
        "not_ours": "the channel has it shipped from 'Tokyo 3PL', which crossdock.yaml does not name"
    }
    assert {kind for kind, _ in b.world.effects} == {Effect.MAIL}
    assert not b.world.shipments
    assert b.world.calls["shop", "tell_shipped"] == 0


@pytest.mark.req("R97")
async def test_an_order_that_is_ours_in_part_is_held_and_goes_on_once_all_of_it_is_ours(b: Bench) -> None:
    await open_tokyo(b.store)
    place(b.world, "shop", TWO)
    assign(b, "kk-6", ("loc-reno", ("l1",)), ("loc-tokyo", ("l2",)))
    await pass_time(b, GRACE)
    assert list((await state_of(b, "shop:kk-6")).holds) == ["not_ours"]
    assert labels(b) == []
    assign(b, "kk-6", ("loc-reno", ("l1", "l2")))
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-6")).stage is Stage.SHIPPED


@pytest.mark.req("R97")
async def test_while_nobody_read_the_channels_locations_nothing_is_bought_and_nothing_is_held(
    b: Bench,
) -> None:
    await b.store.write(save_channel_locations, MERCHANT, "shop", [], ours={})
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert ((await state_of(b, "shop:kk-1001")).holds, labels(b)) == ({}, [])
    now = b.clock.now()
    b.world.shop("shop").locations = {"loc-reno": "Kendra Reno", "loc-easton": "Kendra Easton"}
    await b.store.write(
        enqueue, MERCHANT, [NewJob(kind="listings", subject="shop", connection="shop", due_at=now)]
    )
    await pass_time(b, timedelta(minutes=1))
    assert labels(b) == ["KK-1001/reno-1"]


@pytest.mark.req("R97", "R31")
async def test_what_a_foreign_location_ships_leaves_none_of_our_units(b: Bench) -> None:
    await open_tokyo(b.store)
    place(b.world, "shop", KARA)
    assign(b, "kk-1001", ("loc-tokyo", ("l1",)))
    await settle(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
    ship_elsewhere(b.world, "shop", "kk-1001", "TOKYO1")
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED_ELSEWHERE
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)


@pytest.mark.req("R97", "R55")
async def test_the_channel_is_told_of_our_own_work_only_and_of_a_parcels_own_lines(b: Bench) -> None:
    await open_tokyo(b.store)
    place(b.world, "shop", TWO)
    assign(b, "kk-6", ("loc-reno", ("l1", "l2")))
    await pass_time(b, GRACE)
    state = await state_of(b, "shop:kk-6")
    [parcel] = state.parcels
    assert state.order is not None
    works = (
        WorkOrder(work_id="w1", location="loc-tokyo", open=True, lines=(("a", "l1", 1), ("b", "l2", 1))),
        WorkOrder(work_id="w2", location="loc-easton", open=True, lines=(("c", "l2", 1),)),
        WorkOrder(work_id="w3", location="loc-reno", open=True, lines=(("d", "l1", 1), ("e", "l3", 9))),
    )
    order = state.order.model_copy(update={"work_orders": works})
    named = {"loc-reno": "reno", "loc-easton": "easton", "loc-tokyo": None}
    assert work_lines(order, parcel, named) == (("w3", "d", 1), ("w2", "c", 1))


@pytest.mark.req("R84", "R31")
async def test_a_part_that_another_tool_ships_before_the_label_is_taken_off_once(b: Bench) -> None:
    place(b.world, "shop", PANS)
    await settle(b)
    assert (await on_hand(b))["SKILLET-12", "reno"] == (3, 2)
    for number in (1, 2):
        sent = Shipped(tracking=f"LINN{number}", carrier="Other", lines=(("l1", 1),))
        b.clock.move_to(b.clock.now() + timedelta(minutes=1))
        change_order(b.world, "shop", shipped_more(order_of(b.world, "shop", "kk-5"), sent))
        await settle(b)
        assert (await on_hand(b))["SKILLET-12", "reno"] == (3 - number, 2 - number)
    assert (await state_of(b, "shop:kk-5")).stage is Stage.SHIPPED_ELSEWHERE
    assert labels(b) == []


@pytest.mark.req("R81", "R31")
async def test_of_an_order_partly_shipped_when_first_seen_only_its_open_units_are_set_aside(
    b: Bench,
) -> None:
    place(b.world, "shop", PANS)
    sent = Shipped(tracking="LINN1", carrier="Other", lines=(("l1", 1),))
    change_order(b.world, "shop", shipped_more(order_of(b.world, "shop", "kk-5"), sent))
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-5")).holds == {"not_ours": "a third party shipped a part of it"}
    assert (await on_hand(b))["SKILLET-12", "reno"] == (3, 1)
    assert labels(b) == []


@pytest.mark.req("R84", "R57", "R31")
async def test_an_order_that_another_tool_ships_after_our_label_is_held_and_never_told_twice(
    b: Bench,
) -> None:
    tell_at_the_scan(b)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert labels(b) == ["KK-1001/reno-1"]
    ship_elsewhere(b.world, "shop", "kk-1001", "LINN1")
    await settle(b)
    held = await state_of(b, "shop:kk-1001")
    assert held.holds == {
        "not_ours": "a third party shipped it too: LINN1; our label TRK00000001 is not used"
    }
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    assert b.world.calls["shop", "tell_shipped"] == 0
    assert (await state_of(b, "shop:kk-1001")).parked is None
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)


@pytest.mark.req("R84")
async def test_what_we_told_the_channel_ourselves_is_no_third_partys(b: Bench) -> None:
    place(b.world, "shop", PANS)
    await pass_time(b, GRACE)
    edit(b, "kk-5")
    await settle(b)
    state = await state_of(b, "shop:kk-5")
    assert (state.holds, state.stage) == ({}, Stage.SHIPPED)


@pytest.mark.req("R84", "R96")
async def test_work_that_another_app_holds_waits_until_it_lets_go(b: Bench) -> None:
    place(b.world, "shop", KARA)
    works = order_of(b.world, "shop", "kk-1001").work_orders
    held = tuple(w.model_copy(update={"open": False, "held_by": "Fraud Filter"}) for w in works)
    edit(b, "kk-1001", work_orders=held)
    await pass_time(b, GRACE)
    assert (await state_of(b, "shop:kk-1001")).holds == {"held_by_other_app": "Fraud Filter"}
    assert labels(b) == []
    edit(b, "kk-1001", work_orders=works)
    await settle(b)
    assert (await state_of(b, "shop:kk-1001")).stage is Stage.SHIPPED


@pytest.mark.req("R96")
@pytest.mark.parametrize(
    "program", ["PRIME", "AMAZON_EASY_SHIP", "DELIVERY_BY_AMAZON", "PREORDER", "TRANSPARENCY"]
)
async def test_an_order_of_a_program_of_the_channel_is_held_with_its_name_and_never_labelled(
    b: Bench, program: str
) -> None:
    place(
        b.world, "amz", Cart(number="112-9", lines=(("KK-CHEF8", 1, 100),), ship_to=home(), pay="marketplace")
    )
    order = order_of(b.world, "amz", "112-9")
    change_order(b.world, "amz", order.model_copy(update={"programs": (program,)}))
    await pass_time(b, GRACE)
    assert (await state_of(b, "amz:112-9")).holds == {"not_ours": program}
    assert labels(b) == []
    with pytest.raises(Exception, match="goes away when its cause is mended"):
        await actions.release(b.hub, MERCHANT, "amz:112-9", "not_ours", "person:kendra")


@pytest.mark.req("R31", "R84")
async def test_a_run_that_lost_its_claim_takes_what_a_third_party_shipped_off_no_second_time(
    b: Bench,
) -> None:
    place(b.world, "shop", PANS)
    await settle(b)
    sent = Shipped(tracking="LINN1", carrier="Other", lines=(("l1", 1),))
    b.clock.move_to(b.clock.now() + timedelta(minutes=1))
    change_order(b.world, "shop", shipped_more(order_of(b.world, "shop", "kk-5"), sent))
    await sync_order(b.hub, MERCHANT, "shop", "kk-5")
    stalled = await begin(b.hub, MERCHANT, "shop:kk-5")
    b.clock.move_to(b.clock.now() + timedelta(minutes=30))
    successor = await begin(
        Hub(store=b.store, clock=b.clock, owner="w2", merchants=b.hub.merchants), MERCHANT, "shop:kk-5"
    )
    assert stalled is not None
    assert successor is not None
    await note_part_shipped(successor)
    await note_part_shipped(stalled)
    assert (await on_hand(b))["SKILLET-12", "reno"] == (2, 1)
