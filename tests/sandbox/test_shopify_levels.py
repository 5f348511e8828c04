"""Stock levels: compare and set."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.shopify_stand import Json, Stand, kim, opened

SET = """mutation S($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes(quantityNames: ["available"]) { delta quantityAfterChange item { sku } } }
    userErrors { field message code } } }"""
UNKEYED = """mutation S($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) { userErrors { code } } }"""
ACTIVATE = """mutation A($item: ID!, $at: ID!) {
  inventoryActivate(inventoryItemId: $item, locationId: $at, available: 4) @idempotent(key: "a-1") {
    inventoryLevel { quantities(names: ["available"]) { quantity } } userErrors { field message } } }"""
ITEMS = """query I($words: String) { productVariants(first: 50, query: $words) { nodes { sku inventoryItem { id
  inventoryLevels(first: 5) { nodes { location { name } quantities(names: ["available", "on_hand", "committed"]) {
    name quantity } } } } } } }"""


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened() as stand:
        yield stand


def wish(stand: Stand, quantity: int, /, **more: object) -> Json:
    item = f"gid://shopify/InventoryItem/{stand.shop.stock.items['CHEF-8'].id}"
    at = f"gid://shopify/Location/{stand.shop.stock.locations['reno'].id}"
    entry = {
        "inventoryItemId": item,
        "locationId": at,
        "quantity": quantity,
        "changeFromQuantity": 15,
        **more,
    }
    return {"name": "available", "reason": "correction", "quantities": [entry]}


async def put(stand: Stand, asked: Json, key: str = "k-1") -> Json:
    return dict((await stand.ask(SET, input=asked, key=key))["inventorySetQuantities"])


async def test_a_level_is_set_when_it_is_what_the_asker_believes(stand: Stand) -> None:
    stand.shop.stock.set_available("CHEF-8", "reno", 15)

    answer = await put(stand, wish(stand, 13))

    changes = answer["inventoryAdjustmentGroup"]["changes"]
    assert changes == [{"delta": -2, "quantityAfterChange": 13, "item": {"sku": "CHEF-8"}}]
    assert stand.shop.books()["levels"]["CHEF-8@reno"] == 13


async def test_a_stale_comparison_is_refused_and_changes_nothing(stand: Stand) -> None:
    stand.shop.stock.set_available("CHEF-8", "reno", 14)

    answer = await put(stand, wish(stand, 13))

    assert answer["inventoryAdjustmentGroup"] is None
    assert answer["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert answer["userErrors"][0]["field"] == ["input", "quantities", "0", "changeFromQuantity"]
    assert stand.level("CHEF-8")[0] == 14


async def test_one_stale_entry_refuses_the_whole_call(stand: Stand) -> None:
    stand.shop.stock.set_available("CHEF-8", "reno", 15)
    asked = wish(stand, 13)
    board = f"gid://shopify/InventoryItem/{stand.shop.stock.items['BOARD-WAL'].id}"
    asked["quantities"].append({**asked["quantities"][0], "inventoryItemId": board, "changeFromQuantity": 99})

    answer = await put(stand, asked)

    assert answer["userErrors"][0]["field"] == ["input", "quantities", "1", "changeFromQuantity"]
    assert stand.level("CHEF-8")[0] == 15


async def test_null_sets_whatever_was_there(stand: Stand) -> None:
    await put(stand, wish(stand, 3, changeFromQuantity=None))

    assert stand.level("CHEF-8")[0] == 3


async def test_the_same_key_again_answers_the_same_and_sets_nothing(stand: Stand) -> None:
    stand.shop.stock.set_available("CHEF-8", "reno", 15)
    first = await put(stand, wish(stand, 13))
    stand.shop.stock.set_available("CHEF-8", "reno", 11)

    again = await put(stand, wish(stand, 13))

    assert again == first
    assert stand.level("CHEF-8")[0] == 11


async def test_the_same_key_for_another_wish_is_refused(stand: Stand) -> None:
    stand.shop.stock.set_available("CHEF-8", "reno", 15)
    await put(stand, wish(stand, 13))

    answer = await put(stand, wish(stand, 12))

    assert answer["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert stand.level("CHEF-8")[0] == 13


async def test_without_key_or_comparison_the_call_is_an_error(stand: Stand) -> None:
    before = stand.level("CHEF-8")
    bare = wish(stand, 13)
    del bare["quantities"][0]["changeFromQuantity"]

    _status, unkeyed = await stand.post(UNKEYED, {"input": wish(stand, 13)})
    _status, uncompared = await stand.post(SET, {"input": bare, "key": "k-9"})

    assert unkeyed["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert uncompared["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert stand.level("CHEF-8") == before


async def test_250_entries_are_the_most(stand: Stand) -> None:
    asked = wish(stand, 13)
    asked["quantities"] = asked["quantities"] * 251

    _status, answer = await stand.post(SET, {"input": asked, "key": "k-1"})

    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
    ],
)
async def test_a_wrong_entry_is_refused_by_its_code(stand: Stand, change: Json, code: str) -> None:
    before = stand.level("CHEF-8")

    answer = await put(stand, wish(stand, 13, **change))

    assert answer["userErrors"][0]["code"] == code
    assert stand.level("CHEF-8") == before


@pytest.mark.req("R115")
async def test_a_quantity_is_set_where_the_item_is_not_stocked_and_kept_until_it_is(stand: Stand) -> None:
    entry = wish(stand, 1)["quantities"][0]
    easton = f"gid://shopify/Location/{stand.shop.stock.locations['easton'].id}"
    unstocked = await put(stand, wish(stand, 3, locationId=easton, changeFromQuantity=None))
    shown = stand.shop.books()["levels"]

    bare = ACTIVATE.replace(", available: 4", "")
    answer = await stand.ask(bare, item=entry["inventoryItemId"], at=easton)

    assert unstocked["userErrors"] == []
    assert "CHEF-8@easton" not in shown
    assert answer["inventoryActivate"]["inventoryLevel"]["quantities"] == [{"quantity": 3}]
    assert stand.shop.books()["levels"]["CHEF-8@easton"] == 3


async def test_an_item_is_stocked_where_it_was_not_after_activation(stand: Stand) -> None:
    entry = wish(stand, 1)["quantities"][0]
    easton = f"gid://shopify/Location/{stand.shop.stock.locations['easton'].id}"

    answer = await stand.ask(ACTIVATE, item=entry["inventoryItemId"], at=easton)

    assert answer["inventoryActivate"]["inventoryLevel"]["quantities"] == [{"quantity": 4}]
    assert stand.shop.books()["levels"]["CHEF-8@easton"] == 4


async def test_levels_are_read_by_sku_with_what_is_committed(stand: Stand) -> None:
    stand.place(**kim())

    found = (await stand.ask(ITEMS, words="sku:SKILLET-12 OR sku:NONE"))["productVariants"]["nodes"]

    assert [each["sku"] for each in found] == ["SKILLET-12"]
    reno, easton = found[0]["inventoryItem"]["inventoryLevels"]["nodes"]
    assert [each["quantity"] for each in reno["quantities"]] == [2, 3, 1]
    assert [each["quantity"] for each in easton["quantities"]] == [2, 2, 0]


async def test_a_lost_level_reads_back_right_while_shoppers_see_the_old_one(stand: Stand) -> None:
    stand.shop.stock.set_available("CHEF-8", "reno", 15)
    stand.world.sabotage.arm("level_lost")

    await put(stand, wish(stand, 13))

    assert stand.level("CHEF-8")[0] == 13
    assert stand.shop.books()["levels"]["CHEF-8@reno"] == 15
    assert stand.world.sabotage.subject == "CHEF-8@reno"
