"""Whatever order the news of an object comes in, the order ends the same (R03)."""

from datetime import timedelta
from itertools import permutations

import pytest

from connectors.bogus.carrier import scan
from connectors.bogus.client import World
from core.domain.fold import summarize
from core.domain.state import OrderState, Stage
from core.model.facts import Tracked
from core.model.notification import Notification, NotificationKind
from core.model.shipment import TrackingState
from core.store.orders import facts_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, MONDAY_8, Bench, home
from tests.core.flow.play import carry, pass_time, settle

SCANS = tuple(
    Tracked(at=MONDAY_8 + timedelta(hours=n), parcel_id="reno-1", state=state)
    for n, state in enumerate(
        (
            TrackingState.PRE_TRANSIT,
            TrackingState.IN_TRANSIT,
            TrackingState.OUT_FOR_DELIVERY,
            TrackingState.DELIVERED,
        )
    )
)


async def shipped(b: Bench) -> OrderState:
    place(b.world, "shop", Cart(number="KK-1", lines=(("CHEF-8", 1, 9000),), ship_to=home()))
    await pass_time(b, timedelta(minutes=16))
    state = await b.store.load(MERCHANT, "shop:kk-1")
    assert state is not None
    return state


@pytest.mark.req("R03", "R56")
async def test_scans_in_any_order_leave_the_parcel_delivered(b: Bench) -> None:
    await shipped(b)
    facts = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    ends = {
        (state.stage, state.parcels[0].tracking, state.parcels[0].departed)
        for told in permutations(SCANS)
        for state in [summarize([*facts, *told])]
    }
    assert ends == {(Stage.DELIVERED, TrackingState.DELIVERED, True)}


@pytest.mark.req("R56")
async def test_only_a_return_to_sender_follows_a_delivery(b: Bench) -> None:
    await shipped(b)
    facts = await b.store.read(facts_of, MERCHANT, "shop:kk-1")
    back = Tracked(at=MONDAY_8 + timedelta(hours=9), parcel_id="reno-1", state=TrackingState.RETURN_TO_SENDER)
    late = Tracked(at=MONDAY_8 + timedelta(hours=8), parcel_id="reno-1", state=TrackingState.IN_TRANSIT)
    assert summarize([*facts, *SCANS, late]).parcels[0].tracking is TrackingState.DELIVERED
    assert summarize([*facts, *SCANS, late, back]).parcels[0].tracking is TrackingState.RETURN_TO_SENDER


@pytest.mark.req("R03", "R01")
@pytest.mark.parametrize("order", list(permutations(range(4)))[::4])
async def test_notifications_in_any_order_with_gaps_and_repeats_end_the_same(
    b: Bench, order: tuple[int, ...]
) -> None:
    state = await shipped(b)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    b.clock.move_to(b.clock.now() + timedelta(hours=30))
    scan(b.world, "post", "shp-1", TrackingState.DELIVERED)
    notifications = [
        *_notifications_of(b.world),
        ("pay", _notification("p1", NotificationKind.PAYMENT, "pay-KK-1")),
    ]
    notifications.append(("shop", _notification("o1", NotificationKind.ORDER, "kk-1")))
    b.world.notifications = []
    for index in order:
        await carry(b, [notifications[index], notifications[index]])
        await settle(b)
    ended = await b.store.load(MERCHANT, "shop:kk-1")
    assert ended is not None
    assert ended.stage is Stage.DELIVERED
    assert (ended.allocations, ended.captured, ended.holds, ended.parked) == ((), (), {}, None)
    assert [p.label for p in ended.parcels] == [p.label for p in state.parcels]


def _notifications_of(world: World) -> list[tuple[str, Notification]]:
    return [(name, one) for name, one in world.notifications if name == "post"]


def _notification(event_id: str, kind: NotificationKind, subject: str) -> Notification:
    return Notification(event_id=event_id, kind=kind, topic=kind.value, subject=subject)
