"""Orders as Amazon shows them, read and confirmed with the SDK as shipped."""

from datetime import timedelta
from typing import Any

import pytest
from sp_api.base.exceptions import SellingApiBadRequestException, SellingApiNotFoundException

from sandbox.amazon import orders_api
from tests.sandbox.amazon_stand import FBA, KARL, KRIS, served

ALL = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES,TAX"
ITEM = "00000100000011"


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


async def test_an_order_shows_its_money_to_the_minor_unit() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)

        order = (await stand.orders().get_order(KARL["id"], includedData="PROCEEDS,TAX")).payload["order"]

    assert order["proceeds"] == {
        "grandTotal": usd("38.69"),
        "breakdowns": [
            {"type": "ITEM", "subtotal": usd("26.00")},
            {"type": "SHIPPING", "subtotal": usd("9.99")},
            {"type": "TAX", "subtotal": usd("2.70")},
        ],
    }
    (item,) = order["orderItems"]
    assert item["product"]["price"] == {"unitPrice": usd("26.00")}
    assert item["proceeds"]["breakdowns"][2]["detailedBreakdowns"] == [
        {"subtype": "ITEM", "value": usd("1.95")},
        {"subtype": "SHIPPING", "value": usd("0.75")},
    ]
    assert item["tax"]["taxCollections"][0]["model"] == "MARKETPLACE_FACILITATOR"


async def test_an_order_shows_its_windows_its_items_and_where_it_goes() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)

        order = (await stand.orders().get_order(KARL["id"], includedData=ALL)).payload["order"]

    placed, ship_by, deliver_by = order["createdTime"], "2026-12-01T07:59:59.000Z", "2026-12-03T07:59:59.000Z"
    assert order["fulfillment"] == {
        "fulfillmentStatus": "UNSHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "EXPEDITED",
        "shipByWindow": {"earliestDateTime": placed, "latestDateTime": ship_by},
        "deliverByWindow": {"earliestDateTime": ship_by, "latestDateTime": deliver_by},
    }
    (item,) = order["orderItems"]
    assert item["orderItemId"] == ITEM
    assert item["product"]["sellerSku"] == "KK-SOCKS-2PK"
    assert item["fulfillment"] == {"quantityFulfilled": 0, "quantityUnfulfilled": 1}
    assert order["recipient"]["deliveryAddress"]["name"] == "Karl Kruger"
    assert order["recipient"]["deliveryAddress"]["addressLine1"] == "20 Short North Lane"


async def test_tax_of_an_order_is_shared_over_its_items_without_a_lost_cent() -> None:
    async with served() as stand:
        stand.amazon.place(KRIS)

        order = (await stand.orders().get_order(KRIS["id"], includedData="PROCEEDS")).payload["order"]

    totals = [item["proceeds"]["proceedsTotal"]["amount"] for item in order["orderItems"]]
    # 10.25 %: 9.43 on the knife, 1.845 on the tongs; the odd cent goes to the larger remainder.
    assert totals == ["101.43", "19.85"]
    assert order["proceeds"]["grandTotal"]["amount"] == "121.28"


async def test_a_discount_is_a_negative_part_of_the_proceeds() -> None:
    line = {"listing": "KK-CHEF8-FBM", "qty": 2, "price": 9200, "discount": 400}
    async with served() as stand:
        stand.amazon.place({**KARL, "lines": [line], "shipping": 0, "tax": 0, "total": 18000})

        order = (await stand.orders().get_order(KARL["id"], includedData="PROCEEDS")).payload["order"]

    parts = {part["type"]: part["subtotal"]["amount"] for part in order["proceeds"]["breakdowns"]}
    assert parts == {"ITEM": "184.00", "DISCOUNT": "-4.00"}
    assert order["proceeds"]["grandTotal"]["amount"] == "180.00"


async def test_tax_that_the_price_includes_is_not_added_again() -> None:
    line = {"listing": "KK-CHEF8-FBM", "qty": 1, "price": 11900}
    spec = {**KARL, "lines": [line], "shipping": 0, "tax": 1900, "tax_included": True, "total": 11900}
    async with served() as stand:
        stand.amazon.place(spec)

        order = (await stand.orders().get_order(KARL["id"], includedData="PROCEEDS")).payload["order"]

    parts = {part["type"]: part["subtotal"]["amount"] for part in order["proceeds"]["breakdowns"]}
    assert parts == {"ITEM": "100.00", "TAX": "19.00"}
    assert order["proceeds"]["grandTotal"]["amount"] == "119.00"


async def test_an_order_whose_total_is_not_the_sum_of_its_parts_is_not_placed() -> None:
    async with served() as stand:
        before = stand.books()
        with pytest.raises(ValueError, match="add up to 3869, its total says 3870"):
            stand.amazon.place({**KARL, "total": 3870})

        assert stand.books() == before


async def test_only_the_data_that_is_asked_for_is_shown() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)

        bare = (await stand.orders().get_order(KARL["id"])).payload["order"]
        buyer = (await stand.orders().get_order(KARL["id"], includedData="BUYER")).payload["order"]

    assert set(bare) == {
        "orderId",
        "createdTime",
        "lastUpdatedTime",
        "programs",
        "salesChannel",
        "orderItems",
    }
    assert set(buyer) - set(bare) == {"buyer"}
    assert buyer["buyer"]["buyerName"] == "Karl Kruger"
    assert buyer["buyer"]["buyerEmail"].endswith("@marketplace.amazon.com")


async def test_a_pending_order_shows_neither_person_nor_money_until_it_is_paid() -> None:
    async with served() as stand:
        stand.amazon.place({**KARL, "status": "PENDING"})
        pending = (await stand.orders().get_order(KARL["id"], includedData=ALL)).payload["order"]
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": "UNSHIPPED"})
        unshipped = (await stand.orders().get_order(KARL["id"], includedData=ALL)).payload["order"]

    assert {"recipient", "buyer", "proceeds"}.isdisjoint(pending)
    assert "price" not in pending["orderItems"][0]["product"]
    assert pending["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert unshipped["recipient"]["deliveryAddress"]["postalCode"] == "43215"
    assert unshipped["lastUpdatedTime"] > pending["lastUpdatedTime"]


async def test_a_withheld_address_is_absent_until_it_is_granted() -> None:
    async with served() as stand:
        stand.amazon.place({**KARL, "ship_to": None})
        withheld = (await stand.orders().get_order(KARL["id"], includedData="RECIPIENT")).payload["order"]
        stand.amazon.play("grant", {"order": KARL["id"], "address": KARL["ship_to"]})
        granted = (await stand.orders().get_order(KARL["id"], includedData="RECIPIENT")).payload["order"]

    assert withheld["recipient"] == {}
    assert granted["recipient"]["deliveryAddress"]["city"] == "Columbus"


async def test_an_order_that_amazon_ships_is_listed_and_has_no_recipient() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        stand.amazon.place(FBA)
        found = await stand.orders().search_orders(
            lastUpdatedAfter="2026-11-30T00:00:00Z", fulfilledBy="AMAZON", includedData=ALL
        )
        books = stand.books()

    (order,) = found.payload["orders"]
    assert order["orderId"] == FBA["id"]
    assert "recipient" not in order
    assert order["fulfillment"]["fulfilledBy"] == "AMAZON"
    assert books["fba"] == {"KK-SOCKS-FBA": 39}


async def test_programs_stand_where_the_model_puts_them() -> None:
    async with served() as stand:
        stand.amazon.place({**KARL, "programs": ["PRIME", "TRANSPARENCY"]})

        order = (await stand.orders().get_order(KARL["id"])).payload["order"]

    assert order["programs"] == ["PRIME"]
    assert order["orderItems"][0]["programs"] == ["TRANSPARENCY"]


async def test_the_list_comes_in_pages_and_holds_every_order_once() -> None:
    ids = [f"112-600000{n}-000000{n}" for n in range(5)]
    async with served() as stand:
        for order_id in ids:
            stand.amazon.place({**KARL, "id": order_id})
        orders, seen, token = stand.orders(), [], None
        while True:
            more: dict[str, str] = {"paginationToken": token} if token else {}
            page = await orders.search_orders(
                lastUpdatedAfter="2026-11-30T00:00:00Z", maxResultsPerPage=2, **more
            )
            seen += [order["orderId"] for order in page.payload["orders"]]
            token = page.next_token
            if token is None:
                break

    assert seen == ids


@pytest.mark.req("R115")
async def test_a_page_token_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as stand:
        for number in range(3):
            stand.amazon.place({**KARL, "id": f"112-600000{number}-000000{number}"})
        orders, since = stand.orders(), "2026-11-30T00:00:00Z"
        first = await orders.search_orders(lastUpdatedAfter=since, maxResultsPerPage=2)
        monkeypatch.setattr(orders_api, "TOKENS_LAST", timedelta(0))

        with pytest.raises(SellingApiBadRequestException) as refused:
            await orders.search_orders(lastUpdatedAfter=since, paginationToken=first.next_token)

    assert (orders_api.TOKENS_LAST, refused.value.amzn_code) == (timedelta(0), "InvalidInput")


async def test_the_list_gives_what_was_updated_since_then_and_nothing_older() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)
        stand.amazon.place(KRIS)
        await stand.world.clock.sleep(0.005)  # Amazon tells times to the millisecond
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": "PENDING"})
        karl = (await stand.orders().get_order(KARL["id"])).payload["order"]
        found = await stand.orders().search_orders(lastUpdatedAfter=karl["lastUpdatedTime"])

    assert [order["orderId"] for order in found.payload["orders"]] == [KARL["id"]]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": "2026-11-30T00:00:00Z", "lastUpdatedAfter": "2026-11-30T00:00:00Z"},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": "2026-11-30T00:00:00"},
        {"lastUpdatedAfter": "2026-11-30T00:00:00Z", "includedData": "EVERYTHING"},
        {"lastUpdatedAfter": "2026-11-30T00:00:00Z", "fulfillmentStatuses": "Shipped"},
        {"lastUpdatedAfter": "2026-11-30T00:00:00Z", "maxResultsPerPage": 101},
        {"lastUpdatedAfter": "2026-11-30T00:00:00Z", "paginationToken": "nonsense"},
        {"lastUpdatedAfter": "2026-11-30T00:00:00Z", "lastUpdatedBefore": "2026-12-24T00:00:00Z"},
    ],
)
async def test_a_search_that_the_model_does_not_allow_is_refused(query: dict[str, Any]) -> None:
    async with served() as stand:
        with pytest.raises(SellingApiBadRequestException) as refused:
            await stand.orders().search_orders(**query)

    assert refused.value.amzn_code == "InvalidInput"


async def test_an_order_that_is_not_there_is_not_found() -> None:
    async with served() as stand:
        with pytest.raises(SellingApiNotFoundException):
            await stand.orders().get_order("112-0000000-0000000")


async def test_a_sold_unit_leaves_amazons_own_quantity_while_pending_and_returns_on_cancel() -> None:
    async with served() as stand:
        stand.amazon.place({**KARL, "status": "PENDING"})
        sold = stand.books()["levels"]["KK-SOCKS-2PK"]
        stand.amazon.play("cancel", {"order": KARL["id"], "by": "channel"})
        books = stand.books()
        order = (await stand.orders().get_order(KARL["id"], includedData=ALL)).payload["order"]

    assert sold == 9
    assert books["levels"]["KK-SOCKS-2PK"] == 10
    assert books["orders"][KARL["id"]]["status"] == "CANCELLED"
    assert order["orderItems"][0]["cancellation"]["cancellationExecution"]["cancelledBy"] == "AMAZON"


async def test_more_than_amazon_shows_cannot_be_sold() -> None:
    line = {"listing": "KK-SOCKS-2PK", "qty": 11, "price": 2600}
    async with served() as stand:
        before = stand.books()
        with pytest.raises(ValueError, match="has 10 left, not 11"):
            stand.amazon.place({**KARL, "lines": [line], "shipping": 0, "tax": 0, "total": 28600})

        assert stand.books() == before


async def test_a_buyers_wish_to_cancel_is_shown_on_every_item() -> None:
    async with served() as stand:
        stand.amazon.place(KRIS)
        stand.amazon.play("request_cancel", {"order": KRIS["id"]})
        order = (await stand.orders().get_order(KRIS["id"], includedData="CANCELLATION,FULFILLMENT")).payload[
            "order"
        ]

    asked = [item["cancellation"]["cancellationRequest"]["requester"] for item in order["orderItems"]]
    assert asked == ["BUYER", "BUYER"]
    assert order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
