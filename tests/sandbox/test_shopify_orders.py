"""Orders as an app reads them."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.shopify_stand import Stand, kim, opened, paid

ORDER = """query One($id: ID!) { order(id: $id) {
  id name createdAt updatedAt displayFinancialStatus displayFulfillmentStatus currencyCode taxesIncluded email test
  customer { numberOfOrders firstName } paymentGatewayNames
  currentTotalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
  totalShippingPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
  taxLines { title priceSet { shopMoney { amount } } }
  totalOutstandingSet { shopMoney { amount } } totalDiscountsSet { shopMoney { amount } }
  shippingLines(first: 5) { nodes { title taxLines { priceSet { shopMoney { amount } } } } }
  shippingAddress { name address1 provinceCode countryCodeV2 zip }
  lineItems(first: 50) { nodes { sku title currentQuantity unfulfilledQuantity requiresShipping
    originalUnitPriceSet { shopMoney { amount } } discountAllocations { allocatedAmountSet { shopMoney { amount } } }
    taxLines { priceSet { shopMoney { amount } } } variant { id inventoryItem { id } } customAttributes { key value } } }
  transactions { id kind status gateway amountSet { presentmentMoney { amount } } authorizationCode receiptJson
    authorizationExpiresAt parentTransaction { id } errorCode }
  risk { recommendation assessments { riskLevel provider { title } facts { description sentiment } } }
  fulfillmentOrders(first: 10) { nodes { id status requestStatus fulfillAt assignedLocation { location { id name } }
    fulfillmentHolds { reason heldByApp { title } } lineItems(first: 50) { nodes { id remainingQuantity lineItem { sku } } } } }
  fulfillments(first: 10) { trackingInfo { number company url } } refunds(first: 5) { id }
} }"""
LIST = """query Some($query: String, $first: Int, $after: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { name updatedAt } edges { cursor } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened() as stand:
        yield stand


async def test_an_order_shows_what_the_shopper_did(stand: Stand) -> None:
    order = (await stand.ask(ORDER, id=stand.place()))["order"]

    assert order["name"] == "KK-1001"
    assert order["displayFinancialStatus"] == "PAID"
    assert order["displayFulfillmentStatus"] == "UNFULFILLED"
    assert order["currentTotalPriceSet"]["shopMoney"] == {"amount": "116.1", "currencyCode": "USD"}
    assert order["totalDiscountsSet"]["shopMoney"]["amount"] == "12.9"
    assert order["totalOutstandingSet"]["shopMoney"]["amount"] == "0.0"
    assert order["customer"] == {"numberOfOrders": "1", "firstName": "Kara"}
    assert order["paymentGatewayNames"] == ["stripe"]
    line = order["lineItems"]["nodes"][0]
    assert line["discountAllocations"][0]["allocatedAmountSet"]["shopMoney"]["amount"] == "12.9"
    assert line["originalUnitPriceSet"]["shopMoney"]["amount"] == "129.0"
    assert order["transactions"][0]["kind"] == "SALE"
    assert order["transactions"][0]["authorizationCode"].startswith("ch_")
    assert '"latest_charge"' in order["transactions"][0]["receiptJson"]
    assert order["risk"]["recommendation"] == "ACCEPT"
    asked = order["fulfillmentOrders"]["nodes"][0]
    assert asked["assignedLocation"]["location"]["name"] == "Kendra Reno"
    assert asked["lineItems"]["nodes"][0]["remainingQuantity"] == 1


async def test_tax_is_shared_by_lines_and_shipping_to_the_cent(stand: Stand) -> None:
    order = (await stand.ask(ORDER, id=stand.place(**kim())))["order"]

    # 6.96 of tax over 79.00 and 6.95: 6.397... and 0.562..., so 6.40 and 0.56.
    assert order["lineItems"]["nodes"][0]["taxLines"][0]["priceSet"]["shopMoney"]["amount"] == "6.4"
    assert order["shippingLines"]["nodes"][0]["taxLines"][0]["priceSet"]["shopMoney"]["amount"] == "0.56"
    assert order["totalTaxSet"]["shopMoney"]["amount"] == "6.96"
    assert order["displayFinancialStatus"] == "AUTHORIZED"
    assert order["transactions"][0]["kind"] == "AUTHORIZATION"
    assert order["transactions"][0]["authorizationExpiresAt"].startswith("2026-12-07")


async def test_the_shopper_may_pay_in_another_currency_than_the_shop_counts_in(stand: Stand) -> None:
    seen = {"currency": "CAD", "prices": [17700], "shipping": 0, "tax": 0, "total": 15930}
    payment = {"gateway": "stripe", "amount": 15930, "currency": "CAD", "capture": "now"}

    order = (await stand.ask(ORDER, id=stand.place(presentment=seen, pay=[payment])))["order"]

    both = order["currentTotalPriceSet"]
    assert both["shopMoney"] == {"amount": "116.1", "currencyCode": "USD"}
    assert both["presentmentMoney"] == {"amount": "159.3", "currencyCode": "CAD"}
    assert order["displayFinancialStatus"] == "PAID"
    assert stand.stripe("KK-1001")["currency"] == "CAD"


async def test_a_sold_unit_leaves_the_shops_own_level_at_once(stand: Stand) -> None:
    assert stand.level("SKILLET-12") == (3, 0, 3)

    stand.place(**kim())

    assert stand.level("SKILLET-12") == (2, 1, 3)


async def test_an_order_older_than_the_house_is_committed_already(stand: Stand) -> None:
    lines = [{"sku": "UTIL-5", "qty": 1, "price": 3900}]
    assert stand.level("UTIL-5") == (10, 0, 10)

    stand.place(id="KK-1000", at="2026-11-29T21:10:00-08:00", lines=lines, total=4974, pay=[paid(4974)])

    assert stand.level("UTIL-5") == (10, 1, 11)
    assert stand.books("KK-1000")["placed_at"] == "2026-11-29T21:10:00-08:00"


async def test_lines_of_two_locations_make_two_fulfillment_orders(stand: Stand) -> None:
    lines = [{"sku": "CHEF-8", "qty": 1, "price": 8900}, {"sku": "DUTCH-6", "qty": 1, "price": 14900}]

    order = (await stand.ask(ORDER, id=stand.place(lines=lines, total=23800, pay=[paid(23800)])))["order"]

    asked = order["fulfillmentOrders"]["nodes"]
    assert [entry["assignedLocation"]["location"]["name"] for entry in asked] == [
        "Kendra Reno",
        "Kendra Easton",
    ]


async def test_a_line_that_is_not_shipped_takes_no_stock_and_is_asked_of_nobody(stand: Stand) -> None:
    lines = [
        {"sku": "PARE-3", "qty": 2, "price": 2900},
        {"sku": "PROTECT-198", "title": "Package protection", "qty": 1, "price": 198, "ships": False},
    ]
    payments = [paid(4000, gateway="gift_card"), paid(1998, gateway="shopify_payments")]

    order = (await stand.ask(ORDER, id=stand.place(lines=lines, total=5998, pay=payments)))["order"]

    protection = order["lineItems"]["nodes"][1]
    assert (protection["requiresShipping"], protection["variant"]) == (False, None)
    assert protection["unfulfilledQuantity"] == 0
    assert len(order["fulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"]) == 1
    assert order["paymentGatewayNames"] == ["gift_card", "shopify_payments"]
    assert order["displayFinancialStatus"] == "PAID"
    assert stand.world.stripe.books()["payments"] == {}


async def test_an_edit_that_adds_a_line_leaves_the_order_partly_paid(stand: Stand) -> None:
    gid = stand.place(total=10588, pay=[paid(10588)])
    wrap = {"sku": None, "title": "Gift wrap", "qty": 1, "price": 500, "ships": False}

    stand.shop.play("edit", {"order": "KK-1001", "add": [wrap], "tax": 52, "total": 11140})

    order = (await stand.ask(ORDER, id=gid))["order"]
    assert order["displayFinancialStatus"] == "PARTIALLY_PAID"
    assert order["currentTotalPriceSet"]["shopMoney"]["amount"] == "111.4"
    assert order["totalOutstandingSet"]["shopMoney"]["amount"] == "5.52"
    stand.shop.play("pay", {"order": "KK-1001", "gateway": "stripe", "amount": 552, "currency": "USD"})
    assert (await stand.ask(ORDER, id=gid))["order"]["displayFinancialStatus"] == "PAID"


async def test_a_list_goes_by_the_last_change_and_page_by_page(stand: Stand) -> None:
    for number in range(3):
        stand.place(id=f"KK-{number}")
    first = (await stand.ask(LIST, first=2, query="updated_at:>='2026-11-30T00:00:00Z'"))["orders"]
    after = first["pageInfo"]["endCursor"]

    second = (await stand.ask(LIST, first=2, after=after, query="updated_at:>='2026-11-30T00:00:00Z'"))[
        "orders"
    ]

    assert [node["name"] for node in first["nodes"]] == ["KK-0", "KK-1"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert [node["name"] for node in second["nodes"]] == ["KK-2"]
    assert second["pageInfo"]["hasNextPage"] is False


async def test_a_list_leaves_out_what_did_not_change_since(stand: Stand) -> None:
    stand.place()

    later = await stand.ask(LIST, first=5, query="updated_at:>'2027-01-01T00:00:00Z'")

    assert later["orders"]["nodes"] == []


async def test_a_list_without_a_size_is_refused(stand: Stand) -> None:
    _status, answer = await stand.post("{ orders { nodes { id } } }")

    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert answer["data"] is None


async def test_a_stale_read_shows_the_version_before_for_half_a_minute() -> None:
    async with opened() as stand:
        gid = stand.place(**kim())
        stand.shop.play("edit", {"order": "KK-1002", "total": 9300})
        stand.world.faults.arm("stale")

        before = (await stand.ask(ORDER, id=gid))["order"]["currentTotalPriceSet"]["shopMoney"]["amount"]

        assert before == "92.91"
        stand.world.faults.quiet()
        assert (await stand.ask(ORDER, id=gid))["order"]["currentTotalPriceSet"]["shopMoney"][
            "amount"
        ] == "93.0"


async def test_a_stale_read_ends_half_a_minute_after_the_change() -> None:
    async with opened(rate=600) as stand:
        gid = stand.place(**kim())
        stand.shop.play("edit", {"order": "KK-1002", "total": 9300})
        stand.world.faults.arm("stale:1")
        await stand.world.clock.sleep(40)

        order = (await stand.ask(ORDER, id=gid))["order"]

        assert order["currentTotalPriceSet"]["shopMoney"]["amount"] == "93.0"


async def test_a_lost_order_is_in_the_books_alone(stand: Stand) -> None:
    stand.world.sabotage.arm("order_lost")

    gid = stand.place()

    assert (await stand.ask(ORDER, id=gid))["order"] is None
    assert (await stand.ask(LIST, first=5))["orders"]["nodes"] == []
    assert stand.books("KK-1001")["total"] == 11610
    assert stand.world.sabotage.subject == "KK-1001"


async def test_the_highest_risk_is_advised_to_be_cancelled(stand: Stand) -> None:
    gid = stand.place(pay=[paid(11610, level="highest", score=82)])

    risk = (await stand.ask(ORDER, id=gid))["order"]["risk"]

    assert risk["recommendation"] == "CANCEL"
    assert risk["assessments"][0]["riskLevel"] == "HIGH"
