"""Shopify's search: each documented filter finds what it names, and what is not documented is refused."""

from collections.abc import AsyncIterator

import pytest

from sandbox.house import usual
from tests.sandbox.shopify_stand import Stand, kim, opened, paid

pytestmark = pytest.mark.req("R110")
ORDERS = "query O($q: String) { orders(first: 50, query: $q, sortKey: ID) { nodes { name } } }"
VARIANTS = "query V($q: String) { productVariants(first: 50, query: $q) { nodes { sku } } }"
LOCATIONS = "query L($q: String) { locations(first: 50, query: $q) { nodes { name } } }"


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """KK-1001 paid, gift, sent; KK-1002 authorized, risky, held; KK-1003 cancelled; KK-1004 sent in part, nothing to ship beside."""
    house = usual()
    house["products"]["CHEF-8"] |= {
        "barcode": "0123456789012",
        "type": "Knives",
        "vendor": "Kendra",
        "tags": ["steel"],
    }
    house["products"]["BOARD-WAL"] |= {"type": "Boards"}
    async with opened(house=house) as stand:
        stand.place(tags=["gift", "vip"])
        risky = [paid(9291, capture="later", level="highest", score=90)]
        stand.place(**{**kim(), "pay": risky, "customer": {"name": "Kim Roe", "email": "kim@example.test"}})
        two = [{"sku": "PARE-3", "qty": 2, "price": 2900}]
        stand.place(id="KK-1003", lines=two, total=5800, pay=[paid(5800)])
        service = {"sku": "WRAP", "qty": 1, "price": 200, "ships": False}
        stand.place(id="KK-1004", lines=[*two, service], total=6000, pay=[paid(6000)])
        play = stand.shop.play
        play("other_tool", {"order": "KK-1001", "do": "ship", "carrier": "UPS", "tracking": "1Z"})
        play("other_tool", {"order": "KK-1002", "do": "hold"})
        play("cancel", {"order": "KK-1003", "by": "channel"})
        play("other_tool", {"order": "KK-1004", "do": "ship", "lines": [{"sku": "PARE-3", "qty": 1}]})
        yield stand


async def names(stand: Stand, text: str, query: str) -> list[str]:
    (listed,) = (await stand.ask(text, q=query)).values()
    return [next(iter(node.values())) for node in listed["nodes"]]


OF_ORDERS = (
    ("", "1 2 3 4"), ("   ", "1 2 3 4"),
    ("tag:gift", "1"), ("tag:GIFT", "1"), ("tag:gi*", "1"), ("-tag:gift", "2 3 4"), ("tag_not:gift", "2 3 4"),
    ("sku:PARE-3", "3 4"), ("sku:pare-3", "3 4"), ("sku:PARE*", "3 4"), ("sku:PARE", ""), ("sku:'SKILLET-12'", "2"),
    ("test:true", ""), ("test:false", "1 2 3 4"),
    ("risk_level:high", "2"), ("risk_level:low", "1 3 4"), ("risk_level:HIGH", "2"),
    ("email:kim@example.test", "2"), ("email:kim@*", "2"),
    ("return_status:no_return", "1 2 3 4"), ("return_status:in_progress", ""),
    ("fulfillment_status:unshipped -status:cancelled", "2"), ("fulfillment_status:shipped", "1"), ("fulfillment_status:fulfilled", "1"),
    ("fulfillment_status:partial", "4"), ("fulfillment_status:on_hold", "2"), ("fulfillment_status:unfulfilled -status:cancelled", ""),
    ("status:open", "1 2 4"), ("status:cancelled", "3"), ("status:closed", ""), ("status:not_closed", "1 2 4"),
    ("financial_status:paid", "1 4"), ("financial_status:authorized", "2"), ("financial_status:refunded", "3"),
    ("gateway:stripe", "1 2 3 4"), ("gateway:paypal", ""), ("source_name:web", "1 2 3 4"),
    ("delivery_method:shipping", "1 2 3 4"), ("delivery_method:pick-up", ""),
    ("name:KK-1001", "1"), ("name:KK-100*", "1 2 3 4"), ("name:1001", ""),
    ("current_total_price:116.10", "1"), ("current_total_price:>=60 current_total_price:<=100", "2 4"),
    ("subtotal_line_items_quantity:3", "4"), ("subtotal_line_items_quantity:2..3", "3 4"),
    ("created_at:'2026-11-30T20:00:00Z'", "1 2 3 4"), ("created_at:<'2026-11-30T20:00:00Z'", ""),
    ("created_at:2026-11-30", "1 2 3 4"), ("created_at:2026-11", "1 2 3 4"), ("created_at:>2026", ""),
    ("created_at:<=2026", "1 2 3 4"), ("created_at:<2026", ""), ("created_at:>=2026-12-01", ""),
    ("created_at:'2026-11-30T12:00:00-08:00'", "1 2 3 4"), ("updated_at:<=now", "1 2 3 4"), ("processed_at:*", "1 2 3 4"),
    ("kim", "2"), ("Roe Kim", "2"), ("'Kim Roe'", "2"), ("'Roe Kim'", ""), ("KARA", "1 3 4"), ("skil*", "2"), ("skil", ""),
    ("gift OR kim", "1 2"), ("gift kim", ""), ("NOT kim", "1 3 4"), ("-kim -gift", "3 4"),
    ("tag:gift OR sku:SKILLET-12 AND status:open", "1 2"), ("(tag:gift OR sku:PARE-3) -status:cancelled", "1 4"),
    ("-(tag:gift OR sku:PARE-3)", "2"), ("NOT (status:cancelled OR tag:vip)", "2 4"), ("tag:vip AND tag:gift", "1"),
    ("tag:vi\\p", "1"), ('"Portland"', "1 2 3 4"),
)  # fmt: skip


async def test_orders_are_found_as_the_filter_says(stand: Stand) -> None:
    for query, found in OF_ORDERS:
        wanted = [f"KK-100{number}" for number in found.split()]
        assert await names(stand, ORDERS, query) == wanted, query


async def test_ids_are_compared_as_numbers_or_as_global_ids(stand: Stand) -> None:
    first, second = sorted(stand.shop.orders)[:2]
    kara = stand.shop.orders[first].customer.id
    reno = stand.shop.stock.locations["reno"].id

    assert await names(stand, ORDERS, f"id:{first}") == ["KK-1001"]
    assert await names(stand, ORDERS, f"id:<={second}") == ["KK-1001", "KK-1002"]
    assert await names(stand, ORDERS, f"id:'gid://shopify/Order/{second}'") == ["KK-1002"]
    assert await names(stand, ORDERS, f"customer_id:{kara}") == ["KK-1001", "KK-1003", "KK-1004"]
    assert await names(stand, ORDERS, f"fulfillment_location_id:{reno}") == ["KK-1001", "KK-1004"]


OF_VARIANTS = (
    ("sku:CHEF-8", "CHEF-8"), ("barcode:0123456789012", "CHEF-8"), ("barcode:1", ""),
    ("product_type:Knives", "CHEF-8"), ("product_type:knives,boards", "CHEF-8 BOARD-WAL"),
    ("product_type:Knives OR product_type:Boards", "CHEF-8 BOARD-WAL"), ("vendor:Kendra", "CHEF-8"),
    ("tag:steel", "CHEF-8"), ("title:Default -sku:*", ""), ("title:walnut", ""),
    ("walnut", "BOARD-WAL"), ("'walnut board'", "BOARD-WAL"),
    ("inventory_quantity:>14", "CHEF-8 SOCKS-CHEF"), ("inventory_quantity:7 sku:BOARD*", "BOARD-WAL"),
    ("gift_card:true", ""), ("taxable:false", ""), ("requires_components:true", ""), ("product_status:DRAFT", ""),
)  # fmt: skip


async def test_variants_are_found_as_the_filter_says(stand: Stand) -> None:
    for query, found in OF_VARIANTS:
        assert sorted(await names(stand, VARIANTS, query)) == sorted(found.split()), query


async def test_variants_are_found_by_their_own_ids_and_by_where_they_lie(stand: Stand) -> None:
    item, easton = stand.shop.stock.items["CHEF-8"], stand.shop.stock.locations["easton"].id

    assert await names(stand, VARIANTS, f"id:{item.variant_id}") == ["CHEF-8"]
    assert await names(stand, VARIANTS, f"id:{item.id}") == []
    assert await names(stand, VARIANTS, f"product_id:{item.product_id}") == ["CHEF-8"]
    assert await names(stand, VARIANTS, f"product_ids:1,{item.product_id}") == ["CHEF-8"]
    assert await names(stand, VARIANTS, f"location_id:{easton}") == [
        sku for sku, it in stand.shop.stock.items.items() if "easton" in it.levels
    ]


OF_LOCATIONS: tuple[tuple[str, list[str]], ...] = (
    ("name:Easton", ["Kendra Easton"]), ("city:Reno", ["Kendra Reno"]), ("zip:89502", ["Kendra Reno"]),
    ("province:PA", ["Kendra Easton"]), ("active:false", []), ("legacy:true", []), ("canal", ["Kendra Easton"]),
)  # fmt: skip


async def test_locations_are_found_as_the_filter_says(stand: Stand) -> None:
    for query, found in OF_LOCATIONS:
        assert await names(stand, LOCATIONS, query) == found, query


async def test_what_hangs_on_an_order_is_searched_as_well(stand: Stand) -> None:
    text = """query W($id: ID!, $open: String, $made: String, $levels: String) { order(id: $id) {
      fulfillmentOrders(first: 5, query: $open) { nodes { status } } fulfillments(query: $made) { status }
      lineItems(first: 1) { nodes { variant { inventoryItem { inventoryLevels(first: 5, query: $levels) { nodes { id } } } } } } } }"""
    gid = f"gid://shopify/Order/{max(stand.shop.orders)}"

    open_ones = (await stand.ask(text, id=gid, open="status:open"))["order"]
    closed = (
        await stand.ask(
            text, id=gid, open="status:closed", made="created_at:<2026", levels="updated_at:>2026"
        )
    )["order"]

    assert [len(open_ones[name]) for name in ("fulfillments",)] == [1]
    assert open_ones["fulfillmentOrders"]["nodes"] == [{"status": "OPEN"}]
    assert (closed["fulfillmentOrders"]["nodes"], closed["fulfillments"]) == ([], [])
    assert closed["lineItems"]["nodes"][0]["variant"]["inventoryItem"]["inventoryLevels"]["nodes"] == []


async def test_a_field_that_is_no_filter_filters_nothing_and_is_told_in_the_vendors_words(
    stand: Stand,
) -> None:
    _status, answer = await stand.post(ORDERS, {"q": "colour:red tag:gift"})

    assert [node["name"] for node in answer["data"]["orders"]["nodes"]] == ["KK-1001"]
    assert answer["extensions"]["search"] == [
        {
            "path": ["orders"],
            "query": "colour:red tag:gift",
            "warnings": [
                {
                    "field": "colour",
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            ],
        }
    ]


async def test_an_instant_without_quotes_falls_apart_as_the_vendors_does(stand: Stand) -> None:
    _status, answer = await stand.post(ORDERS, {"q": "updated_at:>=2026-09-25T02:45:22.433Z"})

    assert len(answer["data"]["orders"]["nodes"]) == 4
    assert [one["field"] for one in answer["extensions"]["search"][0]["warnings"]] == ["45"]


UNDOCUMENTED = (
    "cart_token:a", "location_id:1", "-channel:web", "(sku:a OR total_weight:10)", "metafields.custom.a:b",
    "fulfillment_status:sent", "status:any", "risk_level:elevated", "test:yes", "id:a", "created_at:soon",
    "created_at:2026-13", "sku:>A", "current_total_price:much", "(tag:a", "tag:a)", "tag:", "tag:a OR", "NOT", "\\",
    "(" * 60 + "a" + ")" * 60,
)  # fmt: skip


async def test_what_nobody_documented_is_refused_by_name(stand: Stand) -> None:
    for query in UNDOCUMENTED:
        _status, answer = await stand.post(ORDERS, {"q": query})

        assert answer["data"] is None, query
        assert answer["errors"][0]["extensions"]["code"] == "NOT_OFFERED_HERE", query


KEYS = (
    ("ID", "1"), ("CREATED_AT", "1"), ("PROCESSED_AT", "1"), ("ORDER_NUMBER", "1"), ("CURRENT_TOTAL_PRICE", "3"),
    ("TOTAL_PRICE", "3"), ("CUSTOMER_NAME", "1"), ("FULFILLMENT_STATUS", "1"), ("TOTAL_ITEMS_QUANTITY", "3"),
    ("UPDATED_AT", "1"),
)  # fmt: skip


async def test_orders_stand_in_the_order_that_is_asked_for(stand: Stand) -> None:
    for key, first in KEYS:
        text = f"{{ orders(first: 4, sortKey: {key}) {{ nodes {{ name }} }} }}"
        back = f"{{ orders(last: 4, sortKey: {key}, reverse: true) {{ nodes {{ name }} }} }}"

        forth = [node["name"] for node in (await stand.ask(text))["orders"]["nodes"]]
        turned = [node["name"] for node in (await stand.ask(back))["orders"]["nodes"]]

        assert forth[0] == f"KK-100{first}", key
        assert turned == forth[::-1], key


async def test_pages_go_both_ways_and_say_what_lies_beyond(stand: Stand) -> None:
    text = """query P($first: Int, $last: Int, $after: String, $before: String) {
      orders(first: $first, last: $last, after: $after, before: $before, sortKey: ID) {
        nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""

    start = (await stand.ask(text, first=2))["orders"]
    rest = (await stand.ask(text, first=5, after=start["pageInfo"]["endCursor"]))["orders"]
    middle = (await stand.ask(text, last=1, before=rest["pageInfo"]["startCursor"]))["orders"]

    assert [node["name"] for node in start["nodes"]] == ["KK-1001", "KK-1002"]
    assert (start["pageInfo"]["hasNextPage"], start["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert [node["name"] for node in rest["nodes"]] == ["KK-1003", "KK-1004"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert [node["name"] for node in middle["nodes"]] == ["KK-1002"]
    assert (middle["pageInfo"]["hasNextPage"], middle["pageInfo"]["hasPreviousPage"]) == (True, True)
