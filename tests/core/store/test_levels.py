from dataclasses import replace

import pytest

from core.model.stock import LevelChange, Listing, ListingKey
from core.store.channel_locations import matched_locations, save_channel_locations
from core.store.job_ends import JobEnd
from core.store.jobs import claim_jobs
from core.store.links import link_all, links_of, links_of_listings
from core.store.listings import due_levels, invalidate_level, next_level_at, save_levels
from core.store.offered import save_listings
from core.store.pushes import journal_push, settle_push
from core.store.stock import count_stock, receive_stock
from core.store.store import Store
from tests.core.store.builders import (
    LATER,
    NOON,
    SOON,
    a_commit,
    a_need,
    a_new_order,
    a_reserve,
    an_allocation,
)
from tests.stored import effects_of, jobs_of_kind, list_listings

KENDRA = "kendra"


async def a_merchant(store: Store) -> None:
    """A mug sold on two channels and in a kit, all of it clean; a hat; and what the channel fulfills itself."""
    await store.write(
        save_listings,
        KENDRA,
        "shop",
        [
            Listing(listing="mug", sku="MUG", title="Mug", locations=("L1", "L2")),
            Listing(listing="set", sku="SET", title="Mug and hat"),
            Listing(listing="hat", sku="HAT", title="Hat"),
        ],
        now=NOON,
    )
    amazon = [
        Listing(listing="mug", sku="MUG", title="Mug"),
        Listing(listing="fba", sku="MUG", title="Mug", fulfilled_by_channel=True),
    ]
    await store.write(save_listings, KENDRA, "amazon", amazon, now=NOON)
    await store.write(link_all, KENDRA, {("shop", "mug"): {"MUG": 1}}, now=NOON)
    await store.write(link_all, KENDRA, {("shop", "set"): {"MUG": 1, "HAT": 1}}, now=NOON)
    await store.write(link_all, KENDRA, {("shop", "hat"): {"HAT": 1}}, now=NOON)
    await store.write(link_all, KENDRA, {("amazon", "mug"): {"MUG": 1}}, now=NOON)
    await store.write(link_all, KENDRA, {("amazon", "fba"): {"MUG": 1}}, now=NOON)
    await store.write(
        count_stock, KENDRA, [("MUG", "reno", 5), ("HAT", "reno", 5)], actor="person:kim", now=NOON
    )
    await clean(store)
    for job in await store.write(claim_jobs, owner="w", now=NOON, until=SOON, limit=9):
        await store.end_job(JobEnd(job=job, now=NOON))


async def clean(store: Store) -> None:
    rows = await store.read(list_listings, KENDRA)
    await store.write(
        save_levels, KENDRA, [replace(row, last_read=5, clean_seq=row.dirty_seq) for row in rows]
    )


async def dirty(store: Store) -> list[tuple[str, str, str]]:
    return [
        (row.connection, row.listing, row.location)
        for row in await store.read(list_listings, KENDRA)
        if row.dirty
    ]


async def pushes(store: Store) -> list[str]:
    return [job.subject for job in await store.read(jobs_of_kind, KENDRA, "push")]


@pytest.mark.req("R34", "R30", "S13")
async def test_an_order_makes_every_listing_of_its_units_due_for_a_push_in_the_same_commit(
    store: Store,
) -> None:
    await a_merchant(store)

    await store.commit(a_new_order(reserve=a_reserve(a_need(1))))

    assert await dirty(store) == [
        ("amazon", "mug", ""),
        ("shop", "mug", "L1"),
        ("shop", "mug", "L2"),
        ("shop", "set", ""),
    ]
    assert await pushes(store) == ["amazon", "shop"]


@pytest.mark.req("R34")
@pytest.mark.parametrize("cause", ["count", "receive", "release"])
async def test_whatever_changes_what_is_available_makes_the_listings_due(store: Store, cause: str) -> None:
    await a_merchant(store)
    await store.commit(a_new_order(reserve=a_reserve(a_need(1))))
    await clean(store)

    mugs = [("MUG", "reno", 1)]
    match cause:
        case "count":
            await store.write(count_stock, KENDRA, mugs, actor="person:kim", now=NOON)
        case "receive":
            await store.write(receive_stock, KENDRA, mugs, actor="person:kim", now=NOON)
        case _:
            await store.commit(a_commit(release=(an_allocation(1),)))

    assert ("amazon", "mug", "") in await dirty(store)


@pytest.mark.req("R13")
async def test_what_leaves_available_as_it_was_pushes_nothing(store: Store) -> None:
    await a_merchant(store)
    await store.commit(a_new_order(reserve=a_reserve(a_need(1))))
    await clean(store)

    await store.commit(a_commit(ship=(an_allocation(1),)))
    await store.write(count_stock, KENDRA, [("MUG", "reno", 4)], actor="person:kim", now=NOON)

    assert await dirty(store) == []


async def test_a_change_during_a_push_leaves_the_listing_dirty(store: Store) -> None:
    await a_merchant(store)
    await store.write(count_stock, KENDRA, [("HAT", "reno", 4)], actor="person:kim", now=NOON)
    read = await store.read(due_levels, KENDRA, "shop", NOON, limit=9)
    await store.write(count_stock, KENDRA, [("HAT", "reno", 3)], actor="person:kim", now=NOON)

    await store.write(
        save_levels, KENDRA, [replace(row, last_read=4, clean_seq=row.dirty_seq) for row in read]
    )

    assert [row.listing for row in await store.read(due_levels, KENDRA, "shop", NOON, limit=9)] == [
        "hat",
        "set",
    ]


async def test_a_level_the_channel_changed_by_itself_is_forgotten_even_during_a_push(store: Store) -> None:
    await a_merchant(store)
    await store.write(count_stock, KENDRA, [("MUG", "reno", 9)], actor="person:kim", now=NOON)
    read = await store.read(due_levels, KENDRA, "amazon", NOON, limit=9)
    await store.commit(a_new_order(reserve=a_reserve(a_need(1)), invalidate_levels=(("amazon", "mug"),)))

    await store.write(
        save_levels, KENDRA, [replace(row, last_read=9, clean_seq=row.dirty_seq) for row in read]
    )

    [row] = await store.read(due_levels, KENDRA, "amazon", NOON, limit=9)
    assert (row.listing, row.last_read) == ("mug", None)


@pytest.mark.req("R37")
async def test_what_the_channel_fulfills_itself_is_read_when_it_sold_and_left_alone_when_stock_moves(
    store: Store,
) -> None:
    await a_merchant(store)
    await store.write(link_all, KENDRA, {("amazon", "fba"): {"MUG": 1}}, now=NOON)
    before = {row.listing: row.dirty_seq for row in await store.read(list_listings, KENDRA, "amazon")}
    await store.write(count_stock, KENDRA, [("MUG", "reno", 9)], actor="person:kim", now=NOON)
    moved = {row.listing: row.dirty_seq for row in await store.read(list_listings, KENDRA, "amazon")}
    assert (moved["mug"] > before["mug"], moved["fba"] == before["fba"]) == (True, True)

    await store.write(invalidate_level, KENDRA, "amazon", "fba", now=NOON)

    due = {row.listing: row for row in await store.read(due_levels, KENDRA, "amazon", LATER, limit=9)}
    assert (due["fba"].last_read, due["fba"].never_written) == (None, True)


async def test_a_listing_is_looked_at_again_at_the_instant_it_is_told(store: Store) -> None:
    await a_merchant(store)
    assert await store.read(next_level_at, KENDRA, "amazon") is None
    [row] = [r for r in await store.read(list_listings, KENDRA, "amazon") if r.listing == "mug"]

    await store.write(save_levels, KENDRA, [replace(row, check_at=SOON)])

    assert await store.read(next_level_at, KENDRA, "amazon") == SOON
    assert await store.read(due_levels, KENDRA, "amazon", NOON, limit=9) == []
    assert len(await store.read(due_levels, KENDRA, "amazon", SOON, limit=9)) == 1


async def test_a_channels_listings_are_stored_whole_and_keep_what_is_known_of_them(store: Store) -> None:
    await a_merchant(store)

    offered = [
        Listing(listing="mug", sku="MUG", title="Big mug", locations=("L1",)),
        Listing(listing="new", sku=None, title="New"),
    ]
    await store.write(save_listings, KENDRA, "shop", offered, now=NOON)

    rows = {(r.listing, r.location): r for r in await store.read(list_listings, KENDRA, "shop")}
    assert set(rows) == {("mug", "L1"), ("new", "")}
    assert (rows["mug", "L1"].title, rows["mug", "L1"].last_read, rows["mug", "L1"].dirty) == (
        "Big mug",
        5,
        False,
    )
    assert (rows["new", ""].last_read, rows["new", ""].dirty) == (None, True)
    assert await pushes(store) == ["shop"]


async def test_links_are_replaced_and_taken_away(store: Store) -> None:
    await a_merchant(store)

    await store.write(link_all, KENDRA, {("shop", "set"): {"HAT": 2}}, now=NOON)
    await store.write(link_all, KENDRA, {("shop", "hat"): {}}, now=NOON)

    assert await store.read(links_of, KENDRA, "shop") == {"mug": {"MUG": 1}, "set": {"HAT": 2}}
    assert await store.read(links_of_listings, KENDRA, "shop", ["set", "hat", "set"]) == {"set": {"HAT": 2}}
    assert await store.read(links_of_listings, KENDRA, "amazon", ["set"]) == {}
    assert await store.read(links_of_listings, KENDRA, "shop", []) == {}


async def test_locations_of_a_channel_say_which_of_ours_they_are(store: Store) -> None:
    for _ in range(2):
        places = [("L1", "Reno"), ("L2", "Shed")]
        await store.write(save_channel_locations, KENDRA, "shop", places, ours={"L1": "reno"})

    assert await store.read(matched_locations, KENDRA, "shop") == {"L1": "reno", "L2": None}
    assert await store.read(matched_locations, "other", "shop") == {}


async def test_a_push_is_journalled_before_it_is_made_and_settled_after(store: Store) -> None:
    change = LevelChange(key=ListingKey(listing="mug"), units=4, last_read=5)
    await store.write(journal_push, KENDRA, "amazon", "k1", changes=[change], owner="w1", now=NOON)
    [open_push] = await store.read(effects_of, KENDRA)
    assert (open_push.state, open_push.operation, open_push.order_id) == ("intent", "set_levels", None)

    await store.write(settle_push, KENDRA, "k1", results={"mug": "accepted"}, now=SOON)

    [push] = await store.read(effects_of, KENDRA)
    assert (push.state, push.result, push.settled_at) == ("done", {"mug": "accepted"}, SOON)
