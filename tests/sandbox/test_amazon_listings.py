"""Listings and Amazon's own stock, written and read back with the SDK as shipped."""

from typing import Any

import pytest
from sp_api.base.exceptions import (
    SellingApiBadRequestException,
    SellingApiForbiddenException,
    SellingApiNotFoundException,
)

from tests.sandbox.amazon_stand import KARL, SELLER, US, Stand, browser, served

KNIFE = "KK-CHEF8-FBM"
FBA_SOCKS = "KK-SOCKS-FBA"


def availability(quantity: object, **more: Any) -> list[dict[str, Any]]:
    return [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity, **more}]


def patch(value: list[dict[str, Any]], *, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": "/attributes/fulfillment_availability", "value": value}


async def write(stand: Stand, sku: str, *patches: dict[str, Any], **more: Any) -> Any:
    body = {"productType": "PRODUCT", "patches": list(patches)}
    answer = await stand.listings().patch_listings_item(SELLER, sku, marketplaceIds=US, body=body, **more)
    return answer.payload


async def read(stand: Stand, sku: str) -> Any:
    answer = await stand.listings().get_listings_item(
        SELLER, sku, marketplaceIds=US, includedData="summaries,attributes,fulfillmentAvailability"
    )
    return answer.payload


async def test_an_accepted_quantity_is_visible_shortly_after() -> None:
    async with served(rate=2) as stand:
        answer = await write(stand, KNIFE, patch(availability(8)))
        at_once = await read(stand, KNIFE)
        await stand.world.clock.sleep(2.5)
        later = await read(stand, KNIFE)
        books = stand.books()

    assert (answer["status"], answer["issues"]) == ("ACCEPTED", [])
    assert at_once["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 14}]
    assert later["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 8}]
    assert later["attributes"]["fulfillment_availability"][0]["quantity"] == 8
    assert books["levels"][KNIFE] == 8


async def test_a_sale_after_the_acceptance_is_taken_off_the_new_quantity() -> None:
    line = {"listing": KNIFE, "qty": 1, "price": 9200}
    async with served() as stand:
        await write(stand, KNIFE, patch(availability(8)))
        stand.amazon.place({**KARL, "lines": [line], "shipping": 0, "tax": 0, "total": 9200})
        books = stand.books()

    assert books["levels"][KNIFE] == 7


async def test_a_sale_shows_at_once_even_while_a_new_quantity_does_not() -> None:
    line = {"listing": KNIFE, "qty": 1, "price": 9200}
    async with served() as stand:
        await write(stand, KNIFE, patch(availability(8)))
        stand.amazon.place({**KARL, "lines": [line], "shipping": 0, "tax": 0, "total": 9200})
        shown = await read(stand, KNIFE)

    assert shown["fulfillmentAvailability"][0]["quantity"] == 13


async def test_merge_keeps_the_lead_time_and_replace_drops_it() -> None:
    async with served(rate=100) as stand:
        await write(stand, KNIFE, patch(availability(8), op="merge"))
        await stand.world.clock.sleep(3)
        merged = await read(stand, KNIFE)
        await write(stand, KNIFE, patch(availability(7)))
        await stand.world.clock.sleep(3)
        replaced = await read(stand, KNIFE)

    assert merged["attributes"]["fulfillment_availability"][0]["lead_time_to_ship_max_days"] == 2
    assert "lead_time_to_ship_max_days" not in replaced["attributes"]["fulfillment_availability"][0]


@pytest.mark.parametrize("quantity", [-1, "8", 1.5, None, True])
async def test_a_wrong_quantity_is_invalid_and_changes_nothing(quantity: object) -> None:
    async with served() as stand:
        before = stand.books()["levels"]
        answer = await write(stand, KNIFE, patch(availability(quantity)))

        assert stand.books()["levels"] == before
    assert answer["status"] == "INVALID"
    assert answer["issues"][0]["severity"] == "ERROR"
    assert answer["issues"][0]["attributeNames"] == ["fulfillment_availability"]


async def test_a_value_without_its_channel_is_invalid() -> None:
    async with served() as stand:
        answer = await write(stand, KNIFE, patch([{"quantity": 3}]))
        books = stand.books()

    assert answer["status"] == "INVALID"
    assert books["levels"][KNIFE] == 14


@pytest.mark.parametrize(
    "body",
    [
        {"patches": [patch(availability(1))]},
        {"productType": "PRODUCT", "patches": []},
        {"productType": "PRODUCT", "patches": [{"op": "move", "path": "/attributes/x", "value": []}]},
        {"productType": "PRODUCT", "patches": [{"op": "replace", "path": "/attributes/x/0/y", "value": []}]},
        {"productType": "PRODUCT", "patches": [{"op": "replace", "path": "/attributes/x"}]},
    ],
)
async def test_a_patch_that_the_model_does_not_allow_is_refused(body: dict[str, Any]) -> None:
    async with served() as stand:
        before = stand.books()["levels"]
        with pytest.raises(SellingApiBadRequestException):
            await stand.listings().patch_listings_item(SELLER, KNIFE, marketplaceIds=US, body=body)

        assert stand.books()["levels"] == before


async def test_a_preview_changes_nothing() -> None:
    async with served() as stand:
        answer = await write(stand, KNIFE, patch(availability(1)), mode="VALIDATION_PREVIEW")
        books = stand.books()

    assert answer["status"] == "VALID"
    assert books["levels"][KNIFE] == 14


async def test_a_merchants_quantity_on_an_fba_listing_moves_it_to_merchant_fulfillment() -> None:
    async with served() as stand:
        before = stand.books()
        await write(stand, FBA_SOCKS, patch(availability(3)))
        after = stand.books()

    assert (before["fba"], FBA_SOCKS in before["levels"]) == ({FBA_SOCKS: 40}, False)
    assert (after["fba"], after["levels"][FBA_SOCKS]) == ({}, 3)


async def test_an_fba_listing_shows_its_channel_and_no_quantity_of_the_merchant() -> None:
    async with served() as stand:
        shown = await read(stand, FBA_SOCKS)

    assert shown["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "AMAZON_NA"}]


async def test_units_in_amazons_warehouses_are_read_from_the_inventory() -> None:
    async with served() as stand:
        answer = await stand.inventories().get_inventory_summary_marketplace(details=True)

    (summary,) = answer.payload["inventorySummaries"]
    assert (summary["sellerSku"], summary["inventoryDetails"]["fulfillableQuantity"]) == (FBA_SOCKS, 40)


async def test_the_sellers_listings_come_in_pages() -> None:
    async with served() as stand:
        listings = stand.listings()
        by_sku = {"marketplaceIds": US, "sortBy": "sku", "sortOrder": "ASC"}
        first = await listings.search_listings_items(SELLER, **by_sku, pageSize=3)
        second = await listings.search_listings_items(
            SELLER, **by_sku, pageSize=3, pageToken=first.next_token
        )
        named = await listings.search_listings_items(
            SELLER,
            marketplaceIds=US,
            identifiers=f"{KNIFE},{FBA_SOCKS}",
            identifiersType="SKU",
            sortOrder="ASC",
        )

    assert [item["sku"] for item in first.payload["items"]] == [KNIFE, "KK-SOCKS-2PK", FBA_SOCKS]
    assert [item["sku"] for item in second.payload["items"]] == ["KK-TONGS-NEW"]
    assert second.next_token is None
    assert [item["sku"] for item in named.payload["items"]] == [KNIFE, FBA_SOCKS]


async def test_a_sku_with_a_slash_and_a_space_is_found() -> None:
    house = {"listings": {"amz": [{"listing": "A/B c", "of": None, "shows": 1}]}}
    async with served() as stand:
        stand.amazon.load(house)
        shown = await read(stand, "A/B c")

    assert shown["sku"] == "A/B c"


async def test_unknown_listings_sellers_and_marketplaces_are_refused() -> None:
    async with served() as stand:
        listings = stand.listings()
        with pytest.raises(SellingApiNotFoundException):
            await listings.get_listings_item(SELLER, "NOPE", marketplaceIds=US)
        with pytest.raises(SellingApiForbiddenException):
            await listings.get_listings_item("A1SOMEONE", KNIFE, marketplaceIds=US)
        with pytest.raises(SellingApiBadRequestException):
            await listings.get_listings_item(SELLER, KNIFE, marketplaceIds="A1PA6795UKMFR9")


async def test_the_marketplaces_of_the_seller_are_listed() -> None:
    async with served() as stand:
        answer = await stand.sellers().get_marketplace_participation()

    assert [one["marketplace"]["id"] for one in answer.payload] == [US]


async def test_garbage_instead_of_json_is_refused() -> None:
    async with served() as stand, browser() as http:
        url = f"{stand.url}/listings/2021-08-01/items/{SELLER}/{KNIFE}?marketplaceIds={US}"
        headers = {"x-amz-access-token": stand.amazon.login.access(None)}
        async with http.patch(url, data=b"{", headers=headers) as answer:
            status, body = answer.status, await answer.json()
        before = stand.books()["levels"]

    assert (status, body["errors"][0]["code"]) == (400, "InvalidInput")
    assert before[KNIFE] == 14
