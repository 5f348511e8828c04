"""An order that cannot be read whole: known, its units committed, held with the field, and nothing done for it."""

from datetime import timedelta

import pytest

from connectors.bogus.channel import change_order, order_of
from core.domain.state import OrderState, Stage
from core.errors import RefusedError
from core.model.holds import Hold
from core.model.order import ChannelState
from core.services import actions
from core.services.connecting import begin_work
from core.store.orders import list_orders
from simulation.shoppers import Cart, cancel, place, ship_elsewhere
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle

pytestmark = [pytest.mark.req("R105"), pytest.mark.case("C1")]

FIELD = "currentTotalPriceSet.presentmentMoney.amount"
HOUR = timedelta(hours=1)


def order(b: Bench, number: str, units: int, *, unreadable: bool = False) -> None:
    if unreadable:
        b.world.shop("shop").unreadable[number.lower()] = FIELD
    skillets = Cart(
        number=number, lines=(("SKILLET-12", units, 7900),), ship_to=home(), email="kara@example.test"
    )
    place(b.world, "shop", skillets)


async def state_of(b: Bench, number: str) -> OrderState:
    state = await b.store.load(MERCHANT, f"shop:{number.lower()}")
    assert state is not None
    return state


def done(b: Bench) -> set[str]:
    return {effect.value for effect, _ in b.world.effects}


async def test_it_is_known_holds_its_units_and_the_next_order_is_backordered(b: Bench) -> None:
    # Three skillets lie in Reno and two in Easton: an order that cannot be read takes the three.
    order(b, "CUR-1", 3, unreadable=True)
    await settle(b)
    order(b, "CUR-2", 3)
    await pass_time(b, HOUR)

    first, second = await state_of(b, "CUR-1"), await state_of(b, "CUR-2")

    assert sum(a.units for a in first.allocations) == 3
    assert first.holds == {Hold.UNREADABLE: f"{FIELD}: expected text, found a number"}
    assert first.stage is Stage.ON_HOLD
    assert first.parked is None
    assert [n.units for n in second.backordered] == [3]
    assert Hold.BACKORDERED in second.holds


async def test_nothing_is_bought_captured_mailed_or_told_for_it(b: Bench) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await pass_time(b, 3 * HOUR)

    assert done(b) == set()
    assert (await state_of(b, "CUR-1")).payment is None
    assert b.world.calls["post", "quote"] == 0


async def test_its_amounts_are_unknown_and_no_total_is_invented(b: Bench) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await settle(b)

    [row] = (await b.store.read(list_orders, MERCHANT, hold="unreadable")).items
    known = (await state_of(b, "CUR-1")).order

    assert (row.total_minor, row.currency) == (None, None)
    assert known is not None
    assert not known.total.known
    assert not known.lines[0].unit_price.known


async def test_when_it_changes_and_can_be_read_it_goes_on_by_itself(b: Bench) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await settle(b)
    b.world.shop("shop").unreadable.clear()
    change_order(b.world, "shop", order_of(b.world, "shop", "cur-1"))
    await pass_time(b, HOUR)

    state = await state_of(b, "CUR-1")
    assert state.holds == {}
    assert state.stage is Stage.SHIPPED
    assert state.order is not None
    assert (state.order.total.minor, state.before_go_live) == (7900, False)
    assert {"label", "told", "mail"} <= done(b)


async def test_a_person_who_presses_retry_has_it_read_again(b: Bench) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await settle(b)

    await actions.retry(b.hub, MERCHANT, "shop:cur-1", "person:kendra")
    await settle(b)
    assert (await state_of(b, "CUR-1")).holds.keys() == {Hold.UNREADABLE}

    b.world.shop("shop").unreadable.clear()
    await actions.retry(b.hub, MERCHANT, "shop:cur-1", "person:kendra")
    await pass_time(b, HOUR)
    assert (await state_of(b, "CUR-1")).stage is Stage.SHIPPED
    with pytest.raises(RefusedError, match="not parked"):
        await actions.retry(b.hub, MERCHANT, "shop:cur-1", "person:kendra")


async def test_nobody_can_release_it(b: Bench) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await settle(b)

    with pytest.raises(RefusedError, match="goes away when its cause is mended"):
        await actions.release(b.hub, MERCHANT, "shop:cur-1", "unreadable", "person:kendra")


async def test_another_version_of_the_hub_reads_it_again_once(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await settle(b)
    asked = b.world.calls["shop", "fetch_order"]

    await begin_work(b.hub, MERCHANT, "https://hub.test")
    await settle(b)
    assert b.world.calls["shop", "fetch_order"] == asked

    for module in ("core.model.part", "core.services.connecting"):
        monkeypatch.setattr(f"{module}.VERSION", "9.9.9")
    for _ in range(2):  # started twice, it asks once
        await begin_work(b.hub, MERCHANT, "https://hub.test")
        await settle(b)
    assert b.world.calls["shop", "fetch_order"] == asked + 1
    known = (await state_of(b, "CUR-1")).order
    assert known is not None
    assert known.unreadable is not None
    assert known.unreadable.version == "9.9.9"


async def test_cancelled_at_its_channel_it_gives_its_units_back(b: Bench) -> None:
    order(b, "CUR-1", 3, unreadable=True)
    await settle(b)
    assert len((await state_of(b, "CUR-1")).allocations) == 1
    cancel(b.world, "shop", "cur-1")
    await settle(b)

    state = await state_of(b, "CUR-1")
    assert (state.stage, state.allocations, state.holds) == (Stage.CANCELLED, (), {})


async def test_shipped_by_another_tool_it_leaves_the_shelf(b: Bench) -> None:
    order(b, "CUR-1", 2, unreadable=True)
    await settle(b)
    ship_elsewhere(b.world, "shop", "cur-1", "9400")
    await settle(b)

    state = await state_of(b, "CUR-1")
    assert (state.stage, state.allocations) == (Stage.SHIPPED_ELSEWHERE, ())


async def test_one_that_was_read_before_waits_and_keeps_its_address(b: Bench) -> None:
    # Within the grace, before its label is bought, the order can no longer be read.
    order(b, "KK-1", 1)
    await settle(b)
    b.world.shop("shop").unreadable["kk-1"] = FIELD
    change_order(b.world, "shop", order_of(b.world, "shop", "kk-1"))
    await pass_time(b, HOUR)
    assert (await state_of(b, "KK-1")).holds.keys() == {Hold.UNREADABLE}
    assert "label" not in done(b)

    b.world.shop("shop").unreadable.clear()
    await actions.retry(b.hub, MERCHANT, "shop:kk-1", "person:kendra")
    await pass_time(b, HOUR)
    state = await state_of(b, "KK-1")
    assert state.stage is Stage.SHIPPED
    assert state.order is not None
    assert state.order.state is ChannelState.SHIPPED


async def test_more_units_of_it_are_committed_too(b: Bench) -> None:
    order(b, "CUR-1", 1, unreadable=True)
    await settle(b)
    known = order_of(b.world, "shop", "cur-1")
    more = known.lines[0].model_copy(update={"quantity": 3, "open_quantity": 3})
    change_order(b.world, "shop", known.model_copy(update={"lines": (more,)}))
    await settle(b)

    assert sum(a.units for a in (await state_of(b, "CUR-1")).allocations) == 3
