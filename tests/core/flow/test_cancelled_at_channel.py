"""An order cancelled at its marketplace: no money is owed, and what the listing shows is read back (R115)."""

from datetime import timedelta

import pytest

from connectors.bogus.channel import change_order, order_of
from core.domain.state import OrderState
from core.model.order import ChannelState
from core.model.payment import PaymentState
from core.model.stock import ListingKey
from simulation.shoppers import Cart, cancel, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle

TWO_KNIVES = Cart(number="112-3", lines=(("KK-CHEF8", 2, 9000),), ship_to=home(), pay="marketplace")
KNIFE = ListingKey(listing="KK-CHEF8")
MINUTE = timedelta(minutes=1)


async def state_of(b: Bench) -> OrderState:
    state = await b.store.load(MERCHANT, "amz:112-3")
    assert state is not None
    return state


def pending(b: Bench) -> None:
    """Let the marketplace hold the order back until it has the payment."""
    order = order_of(b.world, "amz", "112-3")
    change_order(b.world, "amz", order.model_copy(update={"state": ChannelState.PENDING}))


@pytest.mark.req("R115", "R72")
@pytest.mark.case("C3")
@pytest.mark.parametrize("first", ["pending", "open", "never seen before"])
async def test_nothing_is_paid_for_an_order_that_the_marketplace_cancelled(b: Bench, first: str) -> None:
    place(b.world, "amz", TWO_KNIVES)
    if first == "pending":
        pending(b)
    if first != "never seen before":
        await settle(b)
    b.clock.move_to(b.clock.now() + MINUTE)
    cancel(b.world, "amz", "112-3")
    await pass_time(b, MINUTE)
    found = (await state_of(b)).payment
    assert found is not None
    assert found.paid is not None
    assert (found.state, found.paid.minor) == (PaymentState.CANCELLED, 0)
    assert (await state_of(b)).holds == {}
    assert not [name for name, _ in b.world.calls if name == "pay"]


# 14 knives on the shelf less a buffer of 2 at the marketplace: 12 are to be shown, before and after.
@pytest.mark.req("R115", "R34")
@pytest.mark.case("C3")
@pytest.mark.parametrize("after", [timedelta(seconds=2), timedelta(seconds=50), 10 * MINUTE])
@pytest.mark.parametrize(
    "really", [10, 14, 0], ids=["never gave the units back", "gave them back late, upon ours", "took all"]
)
@pytest.mark.parametrize("was_pending", [True, False])
async def test_a_listing_that_shows_otherwise_after_a_cancellation_is_set_right(
    b: Bench, after: timedelta, really: int, *, was_pending: bool
) -> None:
    await settle(b)
    place(b.world, "amz", TWO_KNIVES)
    if was_pending:
        pending(b)
    await settle(b)
    assert b.world.shop("amz").levels[KNIFE] == 10
    b.clock.move_to(b.clock.now() + MINUTE)
    cancel(b.world, "amz", "112-3")
    await settle(b)
    assert b.world.shop("amz").levels[KNIFE] == 12
    await pass_time(b, after)
    b.world.shop("amz").levels[KNIFE] = really
    await pass_time(b, 20 * MINUTE)
    assert b.world.shop("amz").levels[KNIFE] == 12


@pytest.mark.req("R115")
@pytest.mark.case("C3")
async def test_a_cancelled_order_s_listings_are_read_twice_more_and_then_left_alone(b: Bench) -> None:
    await settle(b)
    place(b.world, "amz", TWO_KNIVES)
    await settle(b)
    b.clock.move_to(b.clock.now() + MINUTE)
    cancel(b.world, "amz", "112-3")
    await pass_time(b, 20 * MINUTE)
    read = b.world.calls["amz", "read_levels"]
    await pass_time(b, 30 * MINUTE)
    assert b.world.calls["amz", "read_levels"] == read
