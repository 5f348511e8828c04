"""What takes its time, and what nobody can read: neither is lost, and neither is tried for ever (R04, R14)."""

from datetime import timedelta

import pytest

from connectors.bogus.carrier import BogusCarrier
from connectors.bogus.client import Effect
from core.domain.due import void_pause
from core.domain.state import Stage
from core.jobs.poll import poll_from
from core.model.notification import Notification, NotificationKind
from core.model.payment import Movement, MovementState
from core.store.inbox import list_deliveries, replay_delivery
from core.store.jobs import NewJob, enqueue
from core.store.orders import facts_of
from simulation.shoppers import cancel, place
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import carry, pass_time, settle
from tests.core.flow.test_whole_way import GRACE, KARA, on_hand

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def cancelled_after_the_label(b: Bench, monkeypatch: pytest.MonkeyPatch, refusals: list[int]) -> None:
    """Cancel a labelled order; the carrier refuses to take the label back so many times."""
    taken = BogusCarrier.void

    async def void(self: BogusCarrier, shipment_id: str) -> Movement:
        if refusals[0]:
            refusals[0] -= 1
            return Movement(state=MovementState.DECLINED, code="rejected")
        return await taken(self, shipment_id)

    monkeypatch.setattr(BogusCarrier, "void", void)
    place(b.world, "shop", KARA)
    await pass_time(b, GRACE)
    shop = b.world.shop("shop").orders["kk-1001"]
    reopened = shop.order.model_copy(update={"state": "open", "shipped": ()})
    b.world.shop("shop").orders["kk-1001"] = shop.model_copy(update={"order": reopened})
    cancel(b.world, "shop", "kk-1001")
    await carry(b)


@pytest.mark.parametrize(
    ("tried", "wait_s"), [(1, 1), (2, 2), (8, 128), (15, 16384), (16, 21600), (90, 21600)]
)
def test_a_carrier_is_asked_in_seconds_then_every_six_hours(tried: int, wait_s: int) -> None:
    assert void_pause(tried) == timedelta(seconds=wait_s)


@pytest.mark.req("R14", "R47")
async def test_a_label_that_is_refused_twenty_times_is_taken_back_in_the_end(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [20]
    await cancelled_after_the_label(b, monkeypatch, left)
    await pass_time(b, 5 * DAY)
    state = await b.store.load(MERCHANT, "shop:kk-1001")
    assert state is not None
    assert (state.stage, state.parked, left) == (Stage.CANCELLED, None, [0])
    assert b.world.effects[Effect.VOID, "shp-1"] == 1
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 0)
    told = [f.text for f in await b.store.read(facts_of, MERCHANT, "shop:kk-1001") if f.kind == "noted"]
    assert told == ["post: the carrier does not take the label back yet; asked again until 2026-12-30"]


@pytest.mark.req("R14")
async def test_after_thirty_days_a_person_must_see_to_a_label_that_is_not_taken_back(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [10_000]
    await cancelled_after_the_label(b, monkeypatch, left)
    await pass_time(b, 31 * DAY)
    state = await b.store.load(MERCHANT, "shop:kk-1001")
    assert state is not None
    assert state.parked is not None
    assert state.parked.message == "post: the carrier does not take the label back"
    assert 10_000 - left[0] < 200
    assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)


@pytest.mark.req("R04", "R06")
async def test_what_is_signed_and_cannot_be_read_is_parked_and_the_shop_is_polled(b: Bench) -> None:
    now = b.clock.now()
    await b.store.write(
        enqueue,
        MERCHANT,
        [NewJob(kind="poll", subject="shop", connection="shop", due_at=now, data=poll_from(now))],
    )
    await settle(b)
    place(b.world, "shop", KARA)
    b.world.notifications.clear()
    notification = Notification(
        event_id="unreadable:1", kind=NotificationKind.UNREADABLE, topic="unreadable", subject="1"
    )
    await carry(b, [("shop", notification)])
    await settle(b)
    [row] = (await b.store.read(list_deliveries, MERCHANT, state="parked")).items
    assert (row.event_id, row.error) == ("unreadable:1", "shop: signed, and cannot be read; see its body")
    state = await b.store.load(MERCHANT, "shop:kk-1001")
    assert state is not None
    assert state.stage is Stage.READY

    await b.store.write(replay_delivery, MERCHANT, "shop", "unreadable:1", now=b.clock.now())
    await settle(b)
    assert (await b.store.read(list_deliveries, MERCHANT, state="parked")).items == ()
    [row] = [d for d in (await b.store.read(list_deliveries, MERCHANT)).items if d.event_id == "unreadable:1"]
    assert (row.state, row.error) == ("done", None)
