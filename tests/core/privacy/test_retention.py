"""Amazon's personal data goes by itself within 30 days of the delivery, of the promise, or of the cancellation (D3, row 20)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.amazon import CONNECTOR as AMAZON
from connectors.bogus.carrier import scan
from connectors.bogus.channel import change_order, order_of
from core.domain.fold import summarize
from core.domain.retention import retention_from
from core.jobs.retention import tick_retention
from core.model.facts import CancelledAtChannel, Changed, Fact, Received
from core.model.order import ChannelState
from core.model.shipment import TrackingState
from core.store.orders import facts_of
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.privacy.shoppers import known, order, places, row
from tests.core.store.builders import an_order

AMZ = "amz:az-1"
DAY = timedelta(days=1)


def limit(b: Bench) -> None:
    """Let nobody keep persons of the marketplace longer than Amazon does."""
    kept = b.hub.merchants[MERCHANT]
    limited = replace(kept.connectors["amz"], keeps_persons=AMAZON.keeps_persons)
    b.hub.merchants[MERCHANT] = replace(kept, connectors={**kept.connectors, "amz": limited})


async def hours_until_forgotten(b: Bench, since: datetime) -> int:
    """Let time pass, looking every hour at the end, until the person is gone; return how many hours after an instant."""
    while (await known(b, AMZ))[0] is not None:
        assert b.clock.now() < since + 40 * DAY
        step = timedelta(hours=1 if b.clock.now() > since + 28 * DAY else 18)
        b.clock.move_to(b.clock.now() + step)
        await tick_retention(b.hub)
    return int((b.clock.now() - since) / timedelta(hours=1))


@pytest.mark.req("R66")
async def test_a_person_is_forgotten_on_the_day_on_which_thirty_days_since_the_delivery_end(
    on_disk: Bench,
) -> None:
    b = on_disk
    limit(b)
    await order(b, "AZ-1", channel="amz")
    await pass_time(b, 3 * DAY)
    scan(b.world, "post", "shp-1", TrackingState.DELIVERED)
    await settle(b)
    delivered = b.clock.now()
    assert delivered == datetime(2026, 12, 3, 16, 16, tzinfo=UTC)
    total = await row(b, "SELECT number, total_minor, stage FROM orders")

    assert (
        await hours_until_forgotten(b, delivered) == 704
    )  # 2027-01-02 00:16: the first look of the day on which they end

    assert await known(b, AMZ) == (None, [], 0)
    assert await places(b, [AMZ]) == set()
    assert (
        await row(b, "SELECT number, total_minor, stage FROM orders") == total == ("AZ-1", 6997, "delivered")
    )
    told = (await b.store.read(facts_of, MERCHANT, AMZ))[-1]
    assert (told.kind, told.actor) == ("forgotten", "hub")


@pytest.mark.req("R66")
async def test_without_a_scan_the_days_run_from_the_latest_promised_delivery(b: Bench) -> None:
    limit(b)
    promised = datetime(2026, 12, 8, 7, 59, tzinfo=UTC)
    await order(b, "AZ-1", channel="amz")
    told = order_of(b.world, "amz", "az-1").model_copy(update={"deliver_by": promised})
    b.clock.move_to(b.clock.now() + timedelta(minutes=1))
    change_order(b.world, "amz", told)
    await settle(b)

    hours = await hours_until_forgotten(b, promised)

    assert b.clock.now().date() == datetime(2027, 1, 7, tzinfo=UTC).date()
    assert hours <= 30 * 24


@pytest.mark.req("R66")
async def test_of_a_cancelled_order_they_run_from_the_cancellation(b: Bench) -> None:
    limit(b)
    await order(b, "AZ-1", channel="amz")
    await pass_time(b, DAY)
    gone = {"state": ChannelState.CANCELLED, "work_orders": ()}
    change_order(b.world, "amz", order_of(b.world, "amz", "az-1").model_copy(update=gone))
    cancelled = b.clock.now()
    await settle(b)

    assert await hours_until_forgotten(b, cancelled) <= 30 * 24
    assert b.clock.now() - cancelled >= 29 * DAY


async def test_a_delivery_that_is_late_prolongs_it_and_an_early_one_is_not_missed(b: Bench) -> None:
    limit(b)
    await order(b, "AZ-1", channel="amz")
    delivered = b.clock.now()
    for _ in range(35):
        b.clock.move_to(b.clock.now() + DAY)
        await tick_retention(b.hub)
        if b.clock.now().day == 20:  # after it was promised, before its limit
            scan(b.world, "post", "shp-1", TrackingState.DELIVERED)
            await settle(b)
            delivered = b.clock.now()

    assert (await known(b, AMZ))[0] is not None
    assert 0 <= 30 * 24 - await hours_until_forgotten(b, delivered) <= 26


async def test_orders_of_channels_without_a_limit_are_kept(b: Bench) -> None:
    limit(b)
    await order(b)
    b.clock.move_to(b.clock.now() + 400 * DAY)

    await tick_retention(b.hub)

    assert (await known(b))[0] is not None


NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def test_the_instant_of_a_cancellation_is_the_channel_s_own_or_that_of_ours() -> None:
    known_order = an_order("1", placed_at=NOON)
    gone = known_order.model_copy(update={"state": ChannelState.CANCELLED, "updated_at": NOON + DAY})
    again = gone.model_copy(update={"updated_at": NOON + 9 * DAY})
    received = Received(at=NOON, order=known_order, needs=())
    theirs: list[Fact] = [
        received,
        Changed(at=NOON + 2 * DAY, order=gone, needs=()),
        Changed(at=NOON + 9 * DAY, order=again, needs=()),
    ]
    ours: list[Fact] = [received, CancelledAtChannel(at=NOON + 3 * DAY)]

    assert retention_from(summarize(theirs), theirs) == NOON + DAY
    assert retention_from(summarize(ours), ours) == NOON + 3 * DAY
    assert retention_from(summarize([received]), [received]) == NOON  # nothing was promised


def test_amazon_s_limit_is_thirty_days() -> None:
    assert AMAZON.keeps_persons == timedelta(days=30)
