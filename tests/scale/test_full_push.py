"""A push of a whole catalogue takes no longer than the vendors' limits make it, and what orders change comes before it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.amazon import CONNECTOR as AMAZON
from connectors.shopify import CONNECTOR as SHOPIFY
from core.config.merchant import PushGuardRule
from core.model.actions import Action
from core.model.products import Product
from core.model.stock import Listing
from core.ports import Connector, Levels
from core.services import actions
from core.services.health import work_left
from core.store.channel_locations import save_channel_locations
from core.store.jobs import claim_jobs
from core.store.links import link_all
from core.store.listings import Place, save_levels
from core.store.offered import save_listings
from core.store.products import save_products
from core.store.push_guard import list_stopped_pushes
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import go_live
from simulation.memory import store_in_memory
from tests.builders import MERCHANT, Bench, review
from tests.scale.limited import (
    LOCATION,
    POINTS_A_SECOND,
    POINTS_AT_ONCE,
    POINTS_OF_A_WRITE,
    Amazon,
    Shopify,
    points_of_a_read,
)
from tests.stored import jobs_of_kind, list_listings

KENDRA = "person:kendra"
WITHIN = 1.05
"""So many times what the limits allow may a push take."""
BEFORE, ON_HAND = 3, 10
"""What every listing shows first, and what lies there of its SKU."""


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await store_in_memory()
    yield opened
    await opened.close()


async def a_hub(
    store: Store, connection: str, connector: Connector, skus: list[str], guard: PushGuardRule | None = None
) -> Bench:
    """Give a merchant one listing for each SKU at one connection, counted and linked, of which nothing was written yet."""
    b = review(store)
    kept = b.hub.merchants[MERCHANT]
    config = kept.config
    if guard is not None:
        guarded = replace(config.connections[connection], push_guard=guard)
        config = replace(config, connections={**config.connections, connection: guarded})
    connectors = {**kept.connectors, connection: connector}
    b.hub.merchants[MERCHANT] = replace(kept, config=config, connectors=connectors)
    now = b.clock.now()
    await store.write(go_live, MERCHANT, connection, actor="hub", now=now)
    await store.write(save_products, MERCHANT, [Product(sku=sku, title="Spoon") for sku in skus])
    counts = [(sku, "reno", ON_HAND) for sku in skus]
    await store.write(count_stock, MERCHANT, counts, actor=KENDRA, now=now)
    places = (LOCATION,) if connection == "shop" else ()
    ours = {LOCATION: "reno"} if connection == "shop" else {}
    await store.write(save_channel_locations, MERCHANT, connection, [(LOCATION, "Reno")], ours=ours)
    offered = [Listing(listing=sku, sku=sku, title="Spoon", locations=places) for sku in skus]
    await store.write(save_listings, MERCHANT, connection, offered, now=now)
    await store.write(link_all, MERCHANT, {(connection, sku): {sku: 1} for sku in skus}, now=now)
    shown = [replace(row, last_read=BEFORE, clean_seq=1) for row in await store.read(list_listings, MERCHANT)]
    await store.write(save_levels, MERCHANT, shown)
    return b


def give_levels(b: Bench, connection: str, levels: Levels) -> None:
    kept = b.hub.merchants[MERCHANT]
    ports = {**kept.ports, connection: replace(kept.ports[connection], levels=levels)}
    b.hub.merchants[MERCHANT] = replace(kept, ports=ports)


async def accept(b: Bench, connection: str, skus: list[str], wanted: int) -> None:
    """Accept the levels of a connection as their differences were shown: the push guard lets these numbers pass."""
    at = LOCATION if connection == "shop" else ""

    async def agreed() -> AsyncIterator[Mapping[Place, int]]:
        yield {(sku, at): wanted for sku in skus}

    kinds = [Action.LEVELS]
    await actions.switch(b.hub, MERCHANT, connection, kinds, on=True, actor=KENDRA, agreed=agreed())


async def push(b: Bench, shown: Mapping[str, int], wanted: int, *, within: timedelta) -> float:
    """Run the push job whenever it is due until every listing shows the number; return the seconds that took."""
    began = b.clock.now()
    while any(units != wanted for units in shown.values()):
        assert b.clock.now() - began < within, f"{sum(u != wanted for u in shown.values())} are left"
        await one_round(b)
    return (b.clock.now() - began).total_seconds()


async def one_round(b: Bench) -> None:
    now = b.clock.now()
    claim = {"owner": b.hub.owner, "now": now, "until": now + timedelta(seconds=90), "limit": 1}
    jobs = await b.store.write(claim_jobs, kinds=["push"], **claim)  # type: ignore[arg-type]
    for job in jobs:
        await b.worker.run_job(job)
    if not jobs:
        [push_job] = await b.store.read(jobs_of_kind, MERCHANT, "push")
        assert push_job.due_at is not None
        b.clock.move_to(push_job.due_at)


def skus_of(number: int) -> list[str]:
    return [f"SKU-{n:05}" for n in range(number)]


@pytest.mark.req("R111", "R63")
async def test_a_full_push_to_shopify_takes_what_its_points_allow(store: Store) -> None:
    skus = skus_of(5000)
    b = await a_hub(store, "shop", SHOPIFY, skus)
    shop = Shopify(b.clock, dict.fromkeys(skus, BEFORE))
    give_levels(b, "shop", shop.levels)
    await accept(b, "shop", skus, ON_HAND - 1)

    took_s = await push(b, shop.shown, ON_HAND - 1, within=timedelta(minutes=10))

    # Each level is read once and written once: 50 queries of 201 points, 20 mutations of 10.
    points = 50 * points_of_a_read(100) + 20 * POINTS_OF_A_WRITE
    allowed_s = (points - POINTS_AT_ONCE) / POINTS_A_SECOND
    assert (points, allowed_s) == (10_250, 82.5)
    assert took_s <= allowed_s * WITHIN
    assert shop.reads == 50


@pytest.mark.req("R111", "R63")
async def test_a_full_push_to_amazon_takes_what_its_searches_allow(store: Store) -> None:
    skus = skus_of(5000)
    b = await a_hub(store, "amz", AMAZON, skus)
    seller = Amazon(b.clock, dict.fromkeys(skus, BEFORE))
    give_levels(b, "amz", seller.levels)
    await accept(b, "amz", skus, ON_HAND - 2)

    took_s = await push(b, seller.shown, ON_HAND - 2, within=timedelta(minutes=10))

    # 250 searches of twenty listings, five of them at once and five a second after; all levels go in one feed.
    allowed_s = (250 - 5) / 5
    assert took_s <= allowed_s * WITHIN
    assert (seller.searches, [number for _, number in seller.feeds]) == (250, [5000])


@pytest.mark.req("R111", "R63")
async def test_levels_that_are_known_are_written_at_once_and_few_are_patched_as_fast_as_amazon_takes_them(
    store: Store,
) -> None:
    skus = skus_of(150)
    b = await a_hub(store, "amz", AMAZON, skus)
    seller = Amazon(b.clock, dict.fromkeys(skus, BEFORE))
    give_levels(b, "amz", seller.levels)
    await accept(b, "amz", skus, ON_HAND - 2)

    took_s = await push(b, seller.shown, ON_HAND - 2, within=timedelta(minutes=10))

    allowed_s = (150 - 5) / 5
    assert took_s <= allowed_s * WITHIN
    assert (len(seller.patches), seller.feeds, seller.searches) == (150, [], 8)


@pytest.mark.req("R63", "R34")
async def test_what_an_order_changes_is_pushed_before_the_rest_of_the_catalogue(store: Store) -> None:
    skus = skus_of(5000)
    b = await a_hub(store, "shop", SHOPIFY, skus)
    shop = Shopify(b.clock, dict.fromkeys(skus, BEFORE))
    give_levels(b, "shop", shop.levels)
    await accept(b, "shop", skus, ON_HAND - 1)
    while not shop.writes:
        await one_round(b)

    # The last of all is sold elsewhere.
    line = [(skus[-1], "reno", ON_HAND - 1)]
    await actions.count(b.hub, MERCHANT, line, actor=KENDRA)
    sold_at, before = b.clock.seconds(), len(shop.writes)
    while not any(skus[-1] in written for _, written in shop.writes):
        await one_round(b)

    at, written = shop.writes[before]
    assert written == (skus[-1],)
    assert at - sold_at <= 5
    assert shop.shown[skus[-1]] == ON_HAND - 2
    assert sum(units == BEFORE for units in shop.shown.values()) > 4000


@pytest.mark.req("R30")
async def test_what_the_channel_ships_by_now_is_read_and_never_written(store: Store) -> None:
    skus = skus_of(300)
    b = await a_hub(store, "amz", AMAZON, skus)
    seller = Amazon(b.clock, dict.fromkeys(skus, BEFORE), fba={skus[7]})
    give_levels(b, "amz", seller.levels)
    await accept(b, "amz", skus, ON_HAND - 2)

    await until_quiet(b)

    assert {sku for sku, units in seller.shown.items() if units == BEFORE} == {skus[7]}
    [row] = [row for row in await store.read(list_listings, MERCHANT) if row.listing == skus[7]]
    assert (row.fulfilled_by_channel, row.last_read, row.dirty) == (True, BEFORE, False)


@pytest.mark.req("R83")
async def test_a_mass_change_behind_the_first_part_of_it_stops_the_push_before_anything_is_written(
    store: Store,
) -> None:
    skus = skus_of(1500)
    b = await a_hub(store, "shop", SHOPIFY, skus)
    shop = Shopify(b.clock, dict.fromkeys(skus, ON_HAND - 1))
    give_levels(b, "shop", shop.levels)
    await accept(b, "shop", skus, ON_HAND - 1)
    await until_quiet(b)

    # 400 of 1,500 change: more than a fifth, and more than one call takes.
    lines = [(sku, "reno", ON_HAND + 5) for sku in skus[:400]]
    await actions.count(b.hub, MERCHANT, lines, actor=KENDRA)
    await until_quiet(b)

    stopped = (await store.read(list_stopped_pushes, MERCHANT))["shop"]
    assert (stopped.changes, stopped.listings, shop.writes) == (400, 1500, [])
    await actions.answer_push_guard(b.hub, MERCHANT, "shop", go=True, actor=KENDRA)
    await until_quiet(b)
    assert sum(units == ON_HAND + 4 for units in shop.shown.values()) == 400


@pytest.mark.req("R83")
async def test_a_mass_change_that_is_allowed_is_judged_once_and_written(store: Store) -> None:
    skus = skus_of(1500)
    b = await a_hub(store, "shop", SHOPIFY, skus, PushGuardRule(percent=100, zero_percent=100))
    shop = Shopify(b.clock, dict.fromkeys(skus, ON_HAND - 1))
    give_levels(b, "shop", shop.levels)
    await accept(b, "shop", skus, ON_HAND - 1)
    await until_quiet(b)
    b.clock.move_to(b.clock.now() + timedelta(hours=1))

    lines = [(sku, "reno", ON_HAND + 5) for sku in skus]
    await actions.count(b.hub, MERCHANT, lines, actor=KENDRA)
    await push(b, shop.shown, ON_HAND + 4, within=timedelta(minutes=2))

    assert [len(written) for _, written in shop.writes] == [250] * 6
    assert await store.read(list_stopped_pushes, MERCHANT) == {}


async def until_quiet(b: Bench) -> None:
    """Run the push job until nothing is to be brought true any more, read-backs included."""
    for _ in range(400):
        if (await work_left(b.hub, MERCHANT)).levels == 0:
            return
        await one_round(b)
    raise AssertionError("the push does not come to rest")
