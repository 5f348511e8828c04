"""A round that changes too much at once waits for a person; what a person accepted does not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.config.merchant import PushGuardRule
from core.errors import RefusedError
from core.services import actions
from core.services.golive import opening
from core.services.golive.accept import accept
from core.services.health import health_of
from core.store.push_guard import first_stopped, list_stopped_pushes
from core.store.switches import accepted_actions
from simulation.memory import store_in_memory
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.golive.kendra import COUNTED, morning, shown
from tests.stored import list_stock

KENDRA = "person:kendra"


@pytest.fixture
async def b() -> AsyncIterator[Bench]:
    store = await store_in_memory()
    made = await morning(store)
    await opening.load(made.hub, MERCHANT, COUNTED, actor=KENDRA)
    await accept(made.hub, MERCHANT, actor=KENDRA)
    await pass_time(made, timedelta(minutes=5))
    made.world.shop("shop").writes.clear()
    made.world.shop("amz").writes.clear()
    yield made
    await store.close()


async def recounted(b: Bench, more: int) -> None:
    """Count every SKU so many units higher: each of the shop's twelve listings is to change."""
    lines = [(row.sku, row.location, row.on_hand + more) for row in await b.store.read(list_stock, MERCHANT)]
    await actions.count(b.hub, MERCHANT, lines, actor=KENDRA)


@pytest.mark.parametrize(
    ("changes", "zeros", "listings", "stops"),
    [
        (9, 9, 12, False),
        (10, 0, 12, True),
        (10, 0, 50, False),
        (11, 0, 50, True),
        (10, 10, 200, False),
        (10, 10, 199, True),
    ],
)
@pytest.mark.req("R83")
def test_a_fifth_changed_or_a_twentieth_sold_out_is_too_much(
    changes: int, zeros: int, listings: int, stops: bool
) -> None:
    assert PushGuardRule().stops(changes=changes, zeros=zeros, listings=listings) is stops


@pytest.mark.req("R83")
async def test_a_round_that_changes_every_listing_writes_nothing_and_asks(b: Bench) -> None:
    before = shown(b)

    await recounted(b, 10)
    await pass_time(b, timedelta(hours=1))

    # Amazon's five are fewer than ten: they are written.
    assert {k: v for k, v in shown(b).items() if k[0] == "shop"} == {
        k: v for k, v in before.items() if k[0] == "shop"
    }
    assert b.world.shop("shop").writes == []
    assert len(b.world.shop("amz").writes) == 5
    health = {h.connection: h.push_guard for h in await health_of(b.hub, MERCHANT)}
    assert health["shop"] == (
        "a round of levels would change 12 of 12 listings, 0 of them to sold out: nothing is written until you say"
        " go or stop"
    )
    assert health["amz"] is None


@pytest.mark.req("R83")
async def test_go_writes_the_stopped_round_once_and_the_next_one_is_stopped_again(b: Bench) -> None:
    await recounted(b, 10)
    await pass_time(b, timedelta(minutes=5))

    await actions.answer_push_guard(b.hub, MERCHANT, "shop", go=True, actor=KENDRA)
    await pass_time(b, timedelta(minutes=5))

    assert len(b.world.shop("shop").writes) == 12
    assert shown(b)["shop", "CHEF-8", "loc-reno"] == 23
    assert await b.store.read(list_stopped_pushes, MERCHANT) == {}
    with pytest.raises(RefusedError, match="nothing of shop is stopped by the push guard"):
        await actions.answer_push_guard(b.hub, MERCHANT, "shop", go=True, actor=KENDRA)
    await recounted(b, 10)
    await pass_time(b, timedelta(minutes=5))
    assert len(b.world.shop("shop").writes) == 12
    assert list(await b.store.read(list_stopped_pushes, MERCHANT)) == ["shop"]


@pytest.mark.req("R83")
async def test_stop_switches_levels_off_and_nothing_is_written(b: Bench) -> None:
    await recounted(b, 10)
    await pass_time(b, timedelta(minutes=5))

    await actions.answer_push_guard(b.hub, MERCHANT, "shop", go=False, actor=KENDRA)
    await pass_time(b, timedelta(hours=2))

    assert b.world.shop("shop").writes == []
    assert ("shop", "levels") not in await b.store.read(accepted_actions, MERCHANT)
    assert await b.store.read(list_stopped_pushes, MERCHANT) == {}


@pytest.mark.req("R83")
async def test_while_a_round_is_stopped_what_comes_after_is_added_to_it(b: Bench) -> None:
    await recounted(b, 10)
    await pass_time(b, timedelta(minutes=5))
    await actions.count(b.hub, MERCHANT, [("CHEF-8", "reno", 30)], actor=KENDRA)
    await settle(b)
    push_guard = (await b.store.read(list_stopped_pushes, MERCHANT))["shop"]

    changes = await b.store.read(first_stopped, MERCHANT, "shop", limit=20)

    assert push_guard.changes == len(changes) == 12
    assert {c.units for c in changes if c.key.listing == "CHEF-8"} == {29}
    assert b.world.shop("shop").writes == []
    await actions.answer_push_guard(b.hub, MERCHANT, "shop", go=True, actor=KENDRA)
    await pass_time(b, timedelta(minutes=5))
    assert shown(b)["shop", "CHEF-8", "loc-reno"] == 29


@pytest.mark.req("R83")
async def test_a_few_changes_and_a_merchant_who_allows_more_are_written(b: Bench) -> None:
    await actions.count(b.hub, MERCHANT, [("CHEF-8", "reno", 20)], actor=KENDRA)
    await pass_time(b, timedelta(minutes=5))
    assert {key.listing for _, key, _ in b.world.shop("shop").writes} == {"CHEF-8"}

    connections = b.hub.merchants[MERCHANT]
    shop = replace(connections.config.connections["shop"], push_guard=PushGuardRule(least=13))
    config = replace(connections.config, connections={**connections.config.connections, "shop": shop})
    b.hub.merchants[MERCHANT] = replace(connections, config=config)
    await recounted(b, 10)
    await pass_time(b, timedelta(minutes=5))
    assert len(b.world.shop("shop").writes) == 13
    assert await b.store.read(list_stopped_pushes, MERCHANT) == {}
