"""Quantities at Amazon: read, patched one by one or fed in bulk, and never written where Amazon fulfills."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from connectors.amazon.levels import AmazonLevels
from core.clock import SteppedClock
from core.errors import RateLimitError
from core.model.stock import Level, LevelChange, LevelResult, LevelState, Listing, ListingKey
from tests.connectors.amazon.account import API, Account, an_account, selling
from tests.contracts_amazon import check_request
from tests.sandbox.amazon_stand import MONDAY, SELLER, US

CHEF, TONGS, SOCKS, FBA = "KK-CHEF8-FBM", "KK-TONGS-NEW", "KK-SOCKS-2PK", "KK-SOCKS-FBA"
ITEMS = f"{API}/listings/2021-08-01/items/{SELLER}"


def change(sku: str, units: int) -> LevelChange:
    return LevelChange(key=ListingKey(listing=sku), units=units, last_read=None)


def result(sku: str, state: LevelState, code: str | None = None) -> LevelResult:
    return LevelResult(key=ListingKey(listing=sku), state=state, code=code)


def levels_of(account: Account) -> AmazonLevels:
    return AmazonLevels("amz", account.client(), settings=account.settings, clock=account.connection.clock)


async def test_listings_come_with_who_fulfills_them() -> None:
    async with selling() as sold:
        assert sold.ports.levels is not None
        listings = await sold.ports.levels.list_listings()
        places = await sold.ports.levels.list_locations()

    assert {one.listing: one.fulfilled_by_channel for one in listings} == {
        CHEF: False,
        SOCKS: False,
        FBA: True,
        TONGS: False,
    }
    catalog = sold.stand.amazon.listings[CHEF].asin
    assert listings[0] == Listing(
        listing=CHEF, sku=CHEF, title="Chef's knife 8 in", product="PRODUCT", catalog=catalog
    )
    assert places == ()


async def test_levels_are_read_amazons_own_stock_included_and_strangers_left_out() -> None:
    async with selling() as sold:
        assert sold.ports.levels is not None
        keys = [ListingKey(listing=sku) for sku in (FBA, "NOBODY", CHEF)]
        levels = await sold.ports.levels.read_levels(keys)

    own = Level(key=keys[0], units=40, fulfilled_by_channel=True)
    assert levels == (own, Level(key=keys[2], units=14))


@pytest.mark.req("R37")
async def test_a_patch_names_the_merchants_fulfillment_only_and_keeps_the_lead_time() -> None:
    async with selling() as sold:
        assert sold.ports.levels is not None
        sold.stand.amazon.listings[CHEF].lead_time_days = 9
        results = await sold.ports.levels.set_levels([change(CHEF, 7)], key="k")
        listing = sold.stand.amazon.listings[CHEF]

    assert results == (result(CHEF, LevelState.ACCEPTED),)
    assert (listing.quantity, listing.lead_time_days, listing.fulfilled_by) == (7, 9, "merchant")


@pytest.mark.req("R37")
@respx.mock
async def test_the_golden_patch() -> None:
    respx.get(ITEMS).respond(json=_found(_item("A/B c", "DEFAULT", 3)))
    patch = respx.patch(f"{ITEMS}/A%2FB%20c").respond(json=_answer("A/B c"))
    account = an_account()
    levels = levels_of(account)

    await levels.set_levels([change("A/B c", 12)], key="k")

    request = patch.calls.last.request
    body = json.loads(request.content)
    assert body == {
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 12}],
            }
        ],
    }
    path, query = request.url.raw_path.decode().split("?")
    named = check_request(
        "listingsItems_2021-08-01", "PATCH", path, httpx.QueryParams(query).multi_items(), body
    )
    assert named == "patchListingsItem"


@pytest.mark.req("R37")
@pytest.mark.parametrize("threshold", [200, 1])
async def test_what_amazon_fulfills_is_never_written(threshold: int) -> None:
    async with selling(feed_threshold=threshold) as sold:
        assert sold.ports.levels is not None
        results = await sold.ports.levels.set_levels([change(FBA, 5), change(CHEF, 5)], key="k")
        listing = sold.stand.amazon.listings[FBA]

    assert results == (
        result(FBA, LevelState.REJECTED, "FulfilledByAmazon"),
        result(CHEF, LevelState.ACCEPTED),
    )
    assert (listing.fulfilled_by, listing.fba_quantity, listing.quantity) == ("amazon", 40, 0)
    assert sold.account.quota.taken["patchListingsItem"] == 1


@pytest.mark.req("R37")
@respx.mock
async def test_a_listing_that_amazon_took_over_is_seen_before_it_is_written_again() -> None:
    clock = SteppedClock(MONDAY)
    account = an_account(clock=clock)
    levels = levels_of(account)
    respx.get(ITEMS).mock(
        side_effect=[
            httpx.Response(200, json=_found(_item("X", "DEFAULT", 3))),
            httpx.Response(200, json=_found(_item("X", "AMAZON_NA", None))),
        ]
    )
    patch = respx.patch(f"{ITEMS}/X").respond(json=_answer("X"))
    before = await levels.set_levels([change("X", 4)], key="k1")
    clock.move_to(MONDAY + timedelta(seconds=601))
    after = await levels.set_levels([change("X", 5)], key="k2")

    assert (before[0].state, after[0].code) == (LevelState.ACCEPTED, "FulfilledByAmazon")
    assert patch.call_count == 1


@pytest.mark.req("R37")
@respx.mock
async def test_what_amazon_fulfills_in_part_counts_as_amazons() -> None:
    mixed = _item("X", "DEFAULT", 3)
    mixed["fulfillmentAvailability"].append({"fulfillmentChannelCode": "AMAZON_NA"})
    respx.get(ITEMS).respond(json=_found(mixed))
    patch = respx.patch(f"{ITEMS}/X")

    results = await levels_of(an_account()).set_levels([change("X", 4)], key="k")

    assert results == (result("X", LevelState.REJECTED, "FulfilledByAmazon"),)
    assert patch.call_count == 0


async def test_a_stranger_is_refused_and_the_others_are_written() -> None:
    async with selling() as sold:
        assert sold.ports.levels is not None
        results = await sold.ports.levels.set_levels([change("NOBODY", 1), change(TONGS, 2)], key="k")

    assert results == (result("NOBODY", LevelState.REJECTED, "NotFound"), result(TONGS, LevelState.ACCEPTED))


async def test_setting_the_same_level_twice_is_harmless() -> None:
    async with selling() as sold:
        assert sold.ports.levels is not None
        first = await sold.ports.levels.set_levels([change(CHEF, 3)], key="k")
        again = await sold.ports.levels.set_levels([change(CHEF, 3)], key="k")

    assert first == again
    assert sold.stand.amazon.listings[CHEF].quantity == 3


@respx.mock
async def test_an_issue_of_amazons_rejects_the_level_with_its_code() -> None:
    respx.get(ITEMS).respond(json=_found(_item("X", "DEFAULT", 3)))
    issue = {"code": "90225", "message": "no", "severity": "ERROR", "categories": ["INVALID_ATTRIBUTE"]}
    respx.patch(f"{ITEMS}/X").respond(json={**_answer("X"), "status": "INVALID", "issues": [issue]})
    account = an_account()
    levels = levels_of(account)

    assert await levels.set_levels([change("X", 3)], key="k") == (result("X", LevelState.REJECTED, "90225"),)


@pytest.mark.req("R63")
async def test_a_push_that_limits_end_early_says_which_levels_were_not_sent() -> None:
    async with selling() as sold:
        assert sold.ports.levels is not None
        sold.account.quota.most["patchListingsItem"] = 1
        results = await sold.ports.levels.set_levels([change(CHEF, 1), change(TONGS, 1)], key="k")
        with pytest.raises(RateLimitError):
            await sold.ports.levels.set_levels([change(TONGS, 1)], key="k2")

    assert results == (result(CHEF, LevelState.ACCEPTED), result(TONGS, LevelState.NOT_SENT))
    assert sold.stand.amazon.listings[TONGS].quantity == 6


@respx.mock
async def test_a_patch_without_an_answer_is_unknown_and_ends_the_push() -> None:
    respx.get(ITEMS).respond(json=_found(*(_item(sku, "DEFAULT", 3) for sku in "XYZ")))
    respx.patch(f"{ITEMS}/X").respond(json=_answer("X"))
    respx.patch(f"{ITEMS}/Y").mock(side_effect=httpx.ReadTimeout("late"))
    last = respx.patch(f"{ITEMS}/Z")
    account = an_account()
    levels = levels_of(account)

    results = await levels.set_levels([change(sku, 1) for sku in "XYZ"], key="k")

    assert [(one.state, one.code) for one in results] == [
        (LevelState.ACCEPTED, None),
        (LevelState.UNKNOWN, "NoAnswer"),
        (LevelState.NOT_SENT, None),
    ]
    assert last.call_count == 0


@respx.mock
async def test_more_than_a_thousand_listings_are_walked_in_windows() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        first = 980 if "createdAfter" in query else 0
        start = first + int(query.get("pageToken", "0"))
        end = min(start + 20, first + 1000, 1015)
        told: dict[str, Any] = _found(
            *(_item(f"S{n:04d}", "DEFAULT", 1, minute=n) for n in range(start, end))
        )
        told["numberOfResults"] = 1015 - first
        if end < min(first + 1000, 1015):
            told["pagination"] = {"nextToken": str(end - first)}
        return httpx.Response(200, json=told)

    respx.get(ITEMS).mock(side_effect=page)
    account = an_account()
    levels = levels_of(account)

    listings = await levels.list_listings()

    assert [one.listing for one in listings] == [f"S{n:04d}" for n in range(1015)]


@pytest.mark.req("R110")
async def test_the_stand_in_too_pages_through_a_thousand_listings_and_no_further() -> None:
    names = [f"S{number:04d}" for number in range(1015)]
    amz = [{"listing": name, "of": None, "shows": 1} for name in names]
    async with selling() as sold:
        sold.stand.amazon.load({"listings": {"amz": amz}, "limits": {"scale": 1000}})
        assert sold.ports.levels is not None
        listings = await sold.ports.levels.list_listings()
        wanted = {"sortBy": "createdDate", "sortOrder": "ASC", "pageToken": "980"}
        client = sold.account.client()
        last = await client.search_listings_items(**wanted)
        await client.aclose()

    assert [one.listing for one in listings] == names
    assert ([item["sku"] for item in last["items"]], last["numberOfResults"]) == (names[980:1000], 1015)
    assert "nextToken" not in last


@pytest.mark.req("R63")
@respx.mock
async def test_a_walk_and_a_read_go_on_where_limits_interrupted_them() -> None:
    items = [_item(f"S{n:02d}", "DEFAULT", n) for n in range(50)]

    def page(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if "identifiers" in query:
            asked = query["identifiers"].split(",")
            return httpx.Response(200, json=_found(*(one for one in items if one["sku"] in asked)))
        start = int(query.get("pageToken", "0"))
        told: dict[str, Any] = _found(*items[start : start + 20])
        told["numberOfResults"] = 50
        if start + 20 < 50:
            told["pagination"] = {"nextToken": str(start + 20)}
        return httpx.Response(200, json=told)

    route = respx.get(ITEMS).mock(side_effect=page)
    account = an_account()
    levels = levels_of(account)
    keys = [ListingKey(listing=one["sku"]) for one in items]

    account.quota.most["searchListingsItems"] = 2
    with pytest.raises(RateLimitError):
        await levels.list_listings()
    account.quota.most["searchListingsItems"] = 5
    assert len(await levels.list_listings()) == 50
    with pytest.raises(RateLimitError):
        await levels.read_levels(keys)
    account.quota.most["searchListingsItems"] = 6
    assert [one.units for one in await levels.read_levels(keys)] == list(range(50))
    assert route.call_count == 6


@respx.mock
async def test_a_sku_with_a_comma_is_read_by_itself() -> None:
    single = respx.get(f"{ITEMS}/A%2CB").respond(json=_item("A,B", "DEFAULT", 8))
    account = an_account()
    levels = levels_of(account)

    assert [one.units for one in await levels.read_levels([ListingKey(listing="A,B")])] == [8]
    assert single.call_count == 1


def _item(sku: str, channel: str, quantity: int | None, *, minute: int = 0) -> dict[str, Any]:
    availability: dict[str, Any] = {"fulfillmentChannelCode": channel}
    if quantity is not None:
        availability["quantity"] = quantity
    created = f"2026-01-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"
    summary = {"marketplaceId": US, "productType": "PRODUCT", "itemName": sku, "createdDate": created}
    return {"sku": sku, "summaries": [summary], "fulfillmentAvailability": [availability]}


def _found(*items: dict[str, Any]) -> dict[str, Any]:
    return {"numberOfResults": len(items), "items": list(items)}


def _answer(sku: str) -> dict[str, Any]:
    return {"sku": sku, "status": "ACCEPTED", "submissionId": "s", "issues": []}


@respx.mock
async def test_a_level_that_another_process_just_read_is_not_looked_up_before_it_is_set() -> None:
    search = respx.get(ITEMS).respond(json=_found(_item("OLD", "AMAZON_NA", 3)))
    for sku in ("NEW", "OLD"):
        respx.patch(f"{ITEMS}/{sku}").respond(json=_answer(sku))
    account = an_account()
    levels, now = levels_of(account), account.connection.clock.now()
    just_read = change("NEW", 1).model_copy(update={"read_at": now - timedelta(minutes=9)})
    long_ago = change("OLD", 1).model_copy(update={"read_at": now - timedelta(minutes=11)})

    results = await levels.set_levels([just_read, long_ago], key="k")

    assert results == (
        result("NEW", LevelState.ACCEPTED),
        result("OLD", LevelState.REJECTED, "FulfilledByAmazon"),
    )
    assert [call.request.url.params["identifiers"] for call in search.calls] == ["OLD"]
