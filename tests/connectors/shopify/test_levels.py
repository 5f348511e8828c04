"""Listed quantities, over HTTP: compared, keyed, all or nothing."""

import pytest

from core.errors import RejectedError
from core.model.stock import Level, LevelChange, LevelResult, LevelState, ListingKey
from tests.connectors.shopify.shop import Shop, connected
from tests.sandbox.shopify_stand import Stand


async def reno_and_easton(shop: Shop) -> tuple[str, str]:
    found = {name: identity for identity, name in await shop.levels.list_locations()}
    return found["Kendra Reno"], found["Kendra Easton"]


def change(sku: str, location: str, units: int, last_read: int | None) -> LevelChange:
    return LevelChange(key=ListingKey(listing=sku, location=location), units=units, last_read=last_read)


def shown(stand: Stand, sku: str) -> int:
    return stand.level(sku)[0]


@pytest.mark.req("S12")
async def test_every_variant_is_listed_under_its_sku_with_its_locations() -> None:
    async with connected() as (_, shop):
        reno, easton = await reno_and_easton(shop)
        listings = {one.listing: one for one in await shop.levels.list_listings()}

        assert listings["CHEF-8"].sku == "CHEF-8"
        assert listings["CHEF-8"].locations == (reno,)
        assert listings["SKILLET-12"].locations == (reno, easton)


@pytest.mark.req("R32", "S13")
async def test_a_level_is_set_from_what_was_last_read_and_read_back() -> None:
    async with connected() as (stand, shop):
        reno, _ = await reno_and_easton(shop)
        was = shown(stand, "PARE-3")

        results = await shop.levels.set_levels([change("PARE-3", reno, was - 2, was)], key="push-1")

        key = ListingKey(listing="PARE-3", location=reno)
        assert results == (LevelResult(key=key, state=LevelState.ACCEPTED),)
        assert await shop.levels.read_levels([key]) == (Level(key=key, units=was - 2),)
        assert shown(stand, "PARE-3") == was - 2


@pytest.mark.req("R32")
async def test_one_stale_level_leaves_the_whole_call_unwritten() -> None:
    async with connected() as (stand, shop):
        reno, _ = await reno_and_easton(shop)
        pare, bread = shown(stand, "PARE-3"), shown(stand, "BREAD-10")

        results = await shop.levels.set_levels(
            [change("BREAD-10", reno, 1, bread), change("PARE-3", reno, 1, pare + 5)], key="push-2"
        )

        assert [one.state for one in results] == [LevelState.UNKNOWN, LevelState.STALE]
        assert results[1].code == "CHANGE_FROM_QUANTITY_STALE"
        assert (shown(stand, "PARE-3"), shown(stand, "BREAD-10")) == (pare, bread)


@pytest.mark.req("R42")
async def test_the_same_key_again_is_harmless() -> None:
    async with connected() as (stand, shop):
        reno, _ = await reno_and_easton(shop)
        was = shown(stand, "PARE-3")
        wanted = [change("PARE-3", reno, was - 2, was)]

        first = await shop.levels.set_levels(wanted, key="push-3")
        again = await shop.levels.set_levels(wanted, key="push-3")

        assert first == again
        assert shown(stand, "PARE-3") == was - 2


async def test_a_key_used_for_another_wish_is_refused_and_writes_nothing() -> None:
    async with connected() as (stand, shop):
        reno, _ = await reno_and_easton(shop)
        was = shown(stand, "PARE-3")
        await shop.levels.set_levels([change("PARE-3", reno, was - 2, was)], key="push-4")

        with pytest.raises(RejectedError):
            await shop.levels.set_levels([change("PARE-3", reno, 0, None)], key="push-4")

        assert shown(stand, "PARE-3") == was - 2


async def test_an_unknown_sku_is_rejected_alone_and_left_out_of_reading() -> None:
    async with connected() as (stand, shop):
        reno, _ = await reno_and_easton(shop)
        was = shown(stand, "PARE-3")

        results = await shop.levels.set_levels(
            [change("NO-SUCH", reno, 1, None), change("PARE-3", reno, 4, was)], key="push-5"
        )
        read = await shop.levels.read_levels([ListingKey(listing="NO-SUCH", location=reno)])

        assert [(one.state, one.code) for one in results] == [
            (LevelState.REJECTED, "UNKNOWN_SKU"),
            (LevelState.ACCEPTED, None),
        ]
        assert read == ()
        assert shown(stand, "PARE-3") == 4


# Since 2026-10 "inventory quantities can now be adjusted at any location" (shopify.dev, changelog of 2026-06-19).
@pytest.mark.req("R115", "R34")
async def test_what_is_set_where_it_is_not_stocked_is_accepted_and_never_read_as_shown() -> None:
    async with connected() as (stand, shop):
        _, easton = await reno_and_easton(shop)

        (result,) = await shop.levels.set_levels([change("PARE-3", easton, 4, None)], key="push-6")

        assert result.state is LevelState.ACCEPTED
        assert await shop.levels.read_levels([ListingKey(listing="PARE-3", location=easton)]) == ()
        assert "easton" not in stand.shop.stock.items["PARE-3"].levels
