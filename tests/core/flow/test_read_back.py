"""A level is read back after a write: more than was set is set right at once, less may be a sale nobody told of yet."""

from datetime import timedelta

import pytest

from core.failpoints import listening
from core.model.stock import ListingKey
from simulation.shoppers import Cart, place
from tests.builders import Bench, home
from tests.core.flow.play import pass_time, settle

KNIFE = ListingKey(listing="KK-CHEF8")
ONE_KNIFE = Cart(number="KK-1", lines=(("CHEF-8", 1, 9000),), ship_to=home())
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
