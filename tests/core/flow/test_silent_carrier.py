"""A carrier that never tells: its parcels are looked at all the same (R06, R14)."""

from datetime import timedelta

import pytest

from connectors.bogus.carrier import scan
from connectors.bogus.client import Fault
from core.domain.state import OrderState, Stage
from core.model.notification import NotificationKind
from core.model.shipment import TrackingState
from core.services.health import work_left
from core.store.jobs import NewJob, enqueue
from core.store.orders import facts_of
from simulation.shoppers import cancel, place
from tests.builders import MERCHANT, MONDAY_8, Bench
from tests.core.flow.play import carry, pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA, on_hand
from tests.stored import jobs_of_kind

LABEL = MONDAY_8 + timedelta(minutes=15)
HOUR = timedelta(hours=1)


async def shipped(b: Bench) -> None:
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    assert (await state_of(b)).stage is Stage.SHIPPED


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, "shop:kk-1001")
    assert state is not None
    return state


def scan_unheard(b: Bench, state: TrackingState) -> None:
    """Scan the parcel; the carrier's webhook is lost."""
    scan(b.world, "post", "shp-1", state)
    b.world.notifications = [
        one for one in b.world.notifications if one[1].kind is not NotificationKind.TRACKING
    ]


async def looks(b: Bench) -> list[tuple[str, timedelta | None]]:
    """(subject, due how long after the label) of every look that waits."""
    return [
        (e.subject, e.due_at - LABEL if e.due_at else None)
        for e in await b.store.read(jobs_of_kind, MERCHANT, "tracking")
    ]


@pytest.mark.req("R06", "R31")
async def test_units_leave_a_day_after_the_label_although_no_scan_was_told(b: Bench) -> None:
    await shipped(b)
    assert await looks(b) == [("post:tracker-shp-1", 24 * HOUR)]
    scan_unheard(b, TrackingState.IN_TRANSIT)
    await pass_time(b, 23 * HOUR)
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
    await pass_time(b, HOUR)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
    assert await looks(b) == [("post:tracker-shp-1", 36 * HOUR)]


@pytest.mark.req("R06")
async def test_a_parcel_is_looked_at_every_twelve_hours_until_it_is_delivered(b: Bench) -> None:
    await shipped(b)
    scan_unheard(b, TrackingState.IN_TRANSIT)
    await pass_time(b, 50 * HOUR)
    assert b.world.calls["post", "fetch_tracking"] == 3
    scan_unheard(b, TrackingState.DELIVERED)
    await pass_time(b, 12 * HOUR)
    assert (await state_of(b)).stage is Stage.DELIVERED
    assert await looks(b) == []
    await pass_time(b, 48 * HOUR)
    assert b.world.calls["post", "fetch_tracking"] == 4


@pytest.mark.req("R06")
async def test_a_notification_is_answered_at_once_and_the_looks_go_on_from_there(b: Bench) -> None:
    await shipped(b)
    b.clock.move_to(LABEL + 2 * HOUR)
    scan(b.world, "post", "shp-1", TrackingState.IN_TRANSIT)
    await settle(b)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
    assert await looks(b) == [("post:tracker-shp-1", 14 * HOUR)]
    b.clock.move_to(LABEL + 5 * HOUR)
    scan(b.world, "post", "shp-1", TrackingState.DELIVERED)
    await settle(b)
    assert await looks(b) == []


@pytest.mark.req("R14")
async def test_after_thirty_days_people_are_told_and_the_carrier_is_asked_no_more(b: Bench) -> None:
    await shipped(b)
    scan_unheard(b, TrackingState.IN_TRANSIT)
    await pass_time(b, timedelta(days=30))
    told = [f.text for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001") if f.kind == "noted"]
    assert told == [
        "parcel reno-1: Hare tells of in_transit only, 30 days after the label; it is asked no more"
    ]
    assert await looks(b) == []


@pytest.mark.req("R14")
async def test_nobody_looks_for_a_parcel_whose_label_was_taken_back(b: Bench) -> None:
    await shipped(b)
    shop = b.world.shop("shop").orders["kk-1001"]
    reopened = shop.order.model_copy(update={"state": "open", "shipped": ()})
    b.world.shop("shop").orders["kk-1001"] = shop.model_copy(update={"order": reopened})
    cancel(b.world, "shop", "kk-1001")
    await carry(b)
    await pass_time(b, 25 * HOUR)
    assert b.world.shipments["shp-1"].voided
    assert await looks(b) == []


@pytest.mark.req("R06", "R10")
async def test_a_carrier_that_is_away_for_days_is_looked_at_when_it_is_back(b: Bench) -> None:
    await shipped(b)
    scan_unheard(b, TrackingState.IN_TRANSIT)
    b.world.faults = lambda called: Fault.BEFORE if called == "fetch_tracking" else None
    await pass_time(b, 72 * HOUR)
    assert [e.parked_at for e in await b.store.read(jobs_of_kind, MERCHANT, "tracking")] == [None]
    b.world.faults = lambda _: None
    await pass_time(b, HOUR)
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)


@pytest.mark.req("R06")
async def test_a_look_that_is_due_tomorrow_is_no_work_that_is_left(b: Bench) -> None:
    await shipped(b)
    assert (await work_left(b.hub, MERCHANT)).jobs == 0
    await pass_time(b, 20 * HOUR)
    assert (await work_left(b.hub, MERCHANT)).jobs == 1


@pytest.mark.req("R04")
async def test_a_job_of_a_kind_that_nobody_knows_is_parked_and_what_is_left_is_told_all_the_same(
    b: Bench,
) -> None:
    await settle(b)  # what was counted wakes backorders
    await b.store.write(enqueue, MERCHANT, [NewJob.of_connection("of_tomorrow", "post", b.hub.clock.now())])
    assert (await work_left(b.hub, MERCHANT)).jobs == 1
    await settle(b)
    [job] = await b.store.read(jobs_of_kind, MERCHANT, "of_tomorrow")
    assert job.parked_at is not None
    assert (await work_left(b.hub, MERCHANT)).jobs == 0
