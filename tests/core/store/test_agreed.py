"""What a person agreed to, on every database: which numbers the push guard lets pass, and since when a channel is accepted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.model.stock import LevelChange, Listing, ListingKey
from core.store.golive import GoLiveRow, accept_shown, keep_shown
from core.store.listings import FIRST_PLACE, save_levels
from core.store.offered import save_listings
from core.store.push_guard import StoppedPush, first_stopped, list_stopped_pushes, release_push, stop_push
from core.store.pushes import forget_agreed, note_agreed, read_afresh, turn_levels_on
from core.store.settings import read_settings
from core.store.store import Store
from core.store.switches import go_live, set_switch
from tests.core.store.builders import NOON
from tests.stored import list_listings

KENDRA = "kendra"
HOUR = timedelta(hours=1)


async def numbers(store: Store) -> dict[tuple[str, str], tuple[bool, int | None]]:
    rows = await store.read(list_listings, KENDRA, "shop")
    return {(row.listing, row.location): (row.agreed, row.wanted_last) for row in rows}


@pytest.mark.req("R83", "R21")
async def test_what_was_shown_and_what_the_push_guard_stopped_is_agreed_to_by_its_number(
    store: Store,
) -> None:
    offered = [Listing(listing=name, sku=name, title=name, locations=("r", "e")) for name in ("A", "B")]
    await store.write(save_listings, KENDRA, "shop", offered, now=NOON)
    await store.write(note_agreed, KENDRA, "shop", {("A", "r"): 3, ("B", "e"): 0})
    await store.write(turn_levels_on, KENDRA, "shop", actor="k", now=NOON)
    assert await store.write(read_afresh, KENDRA, "shop", FIRST_PLACE, now=NOON) is None
    none = (False, None)
    assert await numbers(store) == {
        ("A", "e"): none,
        ("A", "r"): (True, 3),
        ("B", "e"): (True, 0),
        ("B", "r"): none,
    }

    [row] = [
        r for r in await store.read(list_listings, KENDRA, "shop") if (r.listing, r.location) == ("A", "e")
    ]
    stopped = replace(row, clean_seq=row.dirty_seq, last_read=1, wanted_last=7, stopped=True)
    await store.write(save_levels, KENDRA, [stopped])
    await store.write(stop_push, KENDRA, "shop", ours=4, now=NOON)
    standing = StoppedPush(connection="shop", at=NOON, changes=1, zeros=0, listings=4)
    assert await store.read(list_stopped_pushes, KENDRA) == {"shop": standing}
    change = LevelChange(key=ListingKey(listing="A", location="e"), units=7, last_read=1)
    assert await store.read(first_stopped, KENDRA, "shop", limit=9) == [change]

    await store.write(release_push, KENDRA, "shop", go=True, now=NOON)
    assert (await numbers(store))["A", "e"] == (True, 7)
    assert await store.read(list_stopped_pushes, KENDRA) == {}
    assert await store.read(first_stopped, KENDRA, "shop", limit=9) == []

    assert await store.write(forget_agreed, KENDRA, "shop", FIRST_PLACE) is None
    assert {agreed for agreed, _ in (await numbers(store)).values()} == {False}


@pytest.mark.req("R85")
async def test_the_first_acceptance_that_names_a_channel_counts_from_its_connecting_on(store: Store) -> None:
    for n, (actions, connections) in enumerate(
        [(("labels",), ("shop", "amz")), (("levels",), ("amz",)), (("labels",), ("amz",))]
    ):
        at = NOON + n * HOUR
        await store.write(keep_shown, KENDRA, GoLiveRow(document_id=f"d{n}", taken_at=at, document="{}"))
        row = GoLiveRow(
            document_id=f"d{n}",
            taken_at=at,
            document="",
            accepted_at=at,
            actor="k",
            actions=actions,
            connections=connections,
        )
        assert await store.write(accept_shown, KENDRA, row)

    await store.write(set_switch, KENDRA, "post", "labels", on=True, actor="k", now=NOON)
    for connection, hours in (("shop", -1), ("amz", 1), ("etsy", 3)):
        await store.write(go_live, KENDRA, connection, actor="k", now=NOON + hours * HOUR)

    settings = await store.read(read_settings, KENDRA, NOON)
    assert settings.orders_since("shop", carrier="post") == NOON
    assert settings.orders_since("amz", carrier="post") == NOON + 2 * HOUR
    assert settings.orders_since("amz", carrier=None) == NOON + HOUR
    assert settings.orders_since("etsy", carrier="post") is None
    other = await store.read(read_settings, "other", NOON)
    assert (other.revision, other.orders_since("amz", carrier=None)) == (0, None)
