"""A level is read back after a write: more than was set is set right at once, less may be a sale nobody told of yet."""

from datetime import timedelta

import pytest

from connectors.bogus.client import Outage
from core.failpoints import listening
from core.jobs.poll import poll_from
from core.model.notification import NotificationKind
from core.model.stock import ListingKey
from core.store.jobs import NewJob, enqueue
from core.store.stock import count_stock
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle

KNIFE = ListingKey(listing="KK-CHEF8")
ONE_KNIFE = Cart(number="KK-1", lines=(("CHEF-8", 1, 9000),), ship_to=home())
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BACK = timedelta(seconds=46)
"""A level is read back 45 s after it was written."""


async def written(b: Bench) -> None:
    """Sell a knife at the shop: 14 on the shelf less one and a buffer of 2, so 11 are written at the marketplace."""
    await settle(b)
    place(b.world, "shop", ONE_KNIFE)
    await settle(b)
    assert b.world.shop("amz").levels[KNIFE] == 11


@pytest.mark.req("R34")
async def test_a_write_that_the_channel_took_and_forgot_is_done_again_within_a_minute(b: Bench) -> None:
    await written(b)
    b.world.shop("amz").levels[KNIFE] = 12

    await pass_time(b, timedelta(seconds=30))
    assert b.world.shop("amz").levels[KNIFE] == 12
    await pass_time(b, BACK - timedelta(seconds=30))

    assert b.world.shop("amz").levels[KNIFE] == 11


@pytest.mark.req("R34")
async def test_a_channel_that_shows_less_is_asked_for_sales_before_the_number_is_written(b: Bench) -> None:
    await written(b)
    b.world.shop("amz").levels[KNIFE] = 10
    passed = list[str]()

    with listening(passed.append):
        await pass_time(b, BACK)
    assert "levels.surprise.before" in passed
    assert b.world.shop("amz").levels[KNIFE] == 10
    await pass_time(b, BACK)

    assert b.world.shop("amz").levels[KNIFE] == 11


DUTCH = ListingKey(listing="DUTCH-6", location="loc-easton")
ONE_OVEN = Cart(number="KK-2", lines=(("DUTCH-6", 1, 14900),), ship_to=home())


async def the_last_oven(b: Bench) -> None:
    """Have two ovens and a buffer of one: the shop, which is polled, shows one."""
    now = b.clock.now()
    await b.store.write(count_stock, MERCHANT, [("DUTCH-6", "easton", 2)], actor="person:kendra", now=now)
    poll = NewJob(kind="poll", subject="shop", connection="shop", due_at=now, data=poll_from(now - HOUR))
    await b.store.write(enqueue, MERCHANT, [poll])
    await pass_time(b, 22 * MINUTE)
    assert b.world.shop("shop").levels[DUTCH] == 1
    b.world.shop("shop").writes.clear()


def written_up(b: Bench) -> list[int]:
    return [units for _, _, units in b.world.shop("shop").writes if units > 0]


@pytest.mark.req("R34", "R31")
@pytest.mark.parametrize("order_after", [2 * SECOND, 30 * SECOND, None], ids=["2 s", "30 s", "never"])
async def test_a_level_told_before_its_sale_sells_the_last_unit_to_nobody_else(
    b: Bench, order_after: timedelta | None
) -> None:
    await the_last_oven(b)
    place(b.world, "shop", ONE_OVEN)
    news = list(b.world.notifications)
    b.world.notifications.clear()
    b.world.notify("shop", NotificationKind.LEVEL, "DUTCH-6")
    await settle(b)
    if order_after is not None:
        await pass_time(b, order_after)
        b.world.notifications += news
    await pass_time(b, 10 * MINUTE)

    assert written_up(b) == []
    assert b.world.shop("shop").levels[DUTCH] == 0
    assert await b.store.load(MERCHANT, "shop:kk-2") is not None


@pytest.mark.req("R34", "R31")
@pytest.mark.parametrize("fails", ["changed_orders", "fetch_order"])
async def test_while_nobody_can_say_what_was_sold_no_level_is_written_up(b: Bench, fails: str) -> None:
    await the_last_oven(b)
    since = b.clock.now()
    outage = Outage(connection="shop", since=since, until=since + 6 * MINUTE, operations=frozenset({fails}))
    b.world.outages = (outage,)
    place(b.world, "shop", ONE_OVEN)
    b.world.notifications.clear()
    b.world.notify("shop", NotificationKind.LEVEL, "DUTCH-6")
    await pass_time(b, 20 * MINUTE)

    assert written_up(b) == []
    assert await b.store.load(MERCHANT, "shop:kk-2") is not None
    assert b.world.shop("shop").levels[DUTCH] == 0


@pytest.mark.req("R34", "R31")
async def test_units_received_meanwhile_do_not_hide_that_a_sale_may_be_under_way(b: Bench) -> None:
    await the_last_oven(b)
    since = b.clock.now()
    b.world.outages = (
        Outage(
            connection="shop",
            since=since,
            until=since + 6 * MINUTE,
            operations=frozenset({"changed_orders", "fetch_order"}),
        ),
    )
    place(b.world, "shop", ONE_OVEN)
    b.world.notifications.clear()
    b.world.notify("shop", NotificationKind.LEVEL, "DUTCH-6")
    await pass_time(b, 5 * SECOND)
    now = b.clock.now()
    await b.store.write(count_stock, MERCHANT, [("DUTCH-6", "easton", 12)], actor="person:kendra", now=now)
    await pass_time(b, 5 * MINUTE)
    assert written_up(b) == []
    await pass_time(b, 20 * MINUTE)

    # Twelve less the one that was sold and a buffer of one.
    assert b.world.shop("shop").levels[DUTCH] == 10
    assert 11 not in written_up(b)
