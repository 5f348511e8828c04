"""What shoppers, the merchant in the channels' own admin, and his other tools do on a day, and what the books say of it."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.day_stand import KARA, KELLY, KIM, KRIS, Day, a_day

KAITO = {
    **KARA, "id": "KK-1004", "lines": [{"sku": "CHEF-8", "qty": 1, "price": 8900}], "shipping": 695, "tax": 993,
    "total": 10588,
    "pay": [{"gateway": "stripe", "amount": 10588, "currency": "USD", "capture": "now", "risk": {"level": "normal", "score": 5}}],
}  # fmt: skip
KURT = {
    **KARA, "id": "KK-1003", "lines": [{"sku": "SET-KNIVES-4", "qty": 3, "price": 18900}], "shipping": 1495, "tax": 3969,
    "total": 62164,
    "pay": [{"gateway": "stripe", "amount": 62164, "currency": "USD", "capture": "now", "risk": {"level": "highest", "score": 82}}],
}  # fmt: skip
MONEY = """query M($id: ID!) { order(id: $id) {
  displayFinancialStatus currentTotalPriceSet { shopMoney { amount } } totalOutstandingSet { shopMoney { amount } }
  risk { assessments { riskLevel facts { description } } } shippingAddress { address1 }
  transactions(first: 10) { gateway kind status amountSet { presentmentMoney { amount currencyCode } } }
} }"""


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with a_day(tmp_path) as opened:
        yield opened


async def order(day: Day, name: str) -> Any:
    return (await day.books("shopify"))["orders"][name]


async def seen(day: Day, name: str) -> tuple[Any, Any]:
    """What the API says of an order: its data, and the errors."""
    _, answer = await day.ask(MONEY, id=f"gid://shopify/Order/{day.shop.named(name).id}")
    return answer["data"]["order"], answer.get("errors")


async def test_gift_wrap_leaves_a_balance_that_a_later_payment_settles(day: Day) -> None:
    await day.play(place=KAITO)
    wrap = {"sku": None, "title": "Gift wrap", "qty": 1, "price": 500, "ships": False}
    await day.play(edit={"order": "KK-1004", "add": [wrap], "tax": 1045, "total": 11140})
    owed, _ = await seen(day, "KK-1004")

    await day.play(
        pay={"order": "KK-1004", "gateway": "stripe", "amount": 552, "currency": "USD", "capture": "now"}
    )

    paid, _ = await seen(day, "KK-1004")
    assert (owed["displayFinancialStatus"], owed["totalOutstandingSet"]["shopMoney"]["amount"]) == (
        "PARTIALLY_PAID",
        "5.52",
    )
    assert (paid["displayFinancialStatus"], paid["totalOutstandingSet"]["shopMoney"]["amount"]) == (
        "PAID",
        "0.0",
    )
    books = await order(day, "KK-1004")
    assert [sale["amount"] for sale in books["sales"]] == [10588, 552]
    assert books["total"] == 11140


async def test_an_edit_without_a_total_changes_it_by_what_the_edit_costs(day: Day) -> None:
    await day.play(place=KELLY)

    # One of two knives goes: 66.93 less 29.00.
    await day.play(edit={"order": "KK-1005", "remove": [{"sku": "PARE-3", "qty": 1}]})

    assert (await order(day, "KK-1005"))["total"] == 3793
    assert (await day.books("shopify"))["levels"]["PARE-3@reno"] == 11


async def test_gift_card_and_the_shop_s_own_gateway_never_reach_stripe(day: Day) -> None:
    await day.play(place=KELLY)

    books = await day.get("/books")
    assert books["shopify"]["orders"]["KK-1005"]["by_gateway"] == {
        "gift_card": {"USD": {"authorized": 0, "captured": 5000, "refunded": 0}},
        "shopify_payments": {"USD": {"authorized": 0, "captured": 1693, "refunded": 0}},
    }
    assert [payment["order"] for payment in books["stripe"]["payments"].values()] == ["KK-1000"]


async def test_money_on_account_waits_until_it_came_and_store_credit_is_named_as_the_shop_names_it(
    day: Day,
) -> None:
    pays = [
        {"gateway": "manual", "amount": 10000, "currency": "USD"},
        {"gateway": "store_credit", "amount": 1610},
    ]
    await day.play(place=KARA | {"pay": pays})
    waiting, _ = await seen(day, "KK-1001")

    await day.play(pay={"order": "KK-1001", "gateway": "manual", "amount": 10000})

    came, _ = await seen(day, "KK-1001")
    assert (waiting["displayFinancialStatus"], came["displayFinancialStatus"]) == ("PARTIALLY_PAID", "PAID")
    assert [(t["gateway"], t["status"]) for t in came["transactions"]] == [
        ("manual", "PENDING"),
        ("shopify_store_credit", "SUCCESS"),
        ("manual", "SUCCESS"),
    ]
    assert set((await order(day, "KK-1001"))["by_gateway"]) == {"manual", "store_credit"}


async def test_a_shopper_pays_in_her_own_currency_and_an_order_of_nothing_is_paid(day: Day) -> None:
    # 116.10 dollars seen as 100.00 euro.
    euro = {"currency": "EUR", "prices": [11111], "shipping": 0, "tax": 0, "total": 10000}
    pay = [{"gateway": "stripe", "amount": 10000, "currency": "EUR", "capture": "now"}]
    await day.play(place=KARA | {"presentment": euro, "pay": pay})
    free = {
        "id": "KK-1010",
        "lines": [{"sku": "PARE-3", "qty": 1, "price": 2900, "discount": 2900}],
        "total": 0,
        "pay": [],
    }
    await day.play(place=KARA | free)

    kara, nothing = await order(day, "KK-1001"), await order(day, "KK-1010")
    assert kara["presentment"] == {"currency": "EUR", "total": 10000, "captured": 10000, "refunded": 0}
    assert (kara["currency"], kara["captured"], kara["financial"]) == ("USD", 11610, "PAID")
    assert (nothing["total"], nothing["financial"], nothing["by_gateway"]) == (0, "PAID", {})


async def test_an_authorization_lapses_at_its_own_instant_at_shop_and_gateway(day: Day) -> None:
    pay = [
        {
            "gateway": "stripe",
            "amount": 9291,
            "capture": "later",
            "capture_before": "2026-11-30T10:00:00-08:00",
        }
    ]
    await day.play(place=KIM | {"pay": pay})
    await day.move("11-30T10:00:00")

    (payment,) = [p for p in (await day.books("stripe"))["payments"].values() if p["order"] == "KK-1002"]
    assert (payment["status"], payment["captured"]) == ("canceled", 0)
    assert (await order(day, "KK-1002"))["financial"] == "EXPIRED"


async def test_a_capture_at_stripe_itself_leaves_the_shop_s_order_authorized(day: Day) -> None:
    await day.play(place=KIM)
    (intent,) = [n for n, p in (await day.books("stripe"))["payments"].items() if p["order"] == "KK-1002"]

    await day.stripe(f"/payment_intents/{intent}/capture", form={"amount_to_capture": "9291"})

    books = await day.books("stripe")
    assert (await order(day, "KK-1002"))["financial"] == "AUTHORIZED"
    assert [(c["amount"], c["by"]) for c in books["payments"][intent]["captures"]] == [(9291, "api")]
    assert (books["writes"], books["writes_by_operation"]) == (1, {"payment_intents.capture": 1})


async def test_fetched_payments_are_counted_by_order(day: Day) -> None:
    await day.play(place=KARA)
    await day.play(place=KELLY)
    (intent,) = [n for n, p in (await day.books("stripe"))["payments"].items() if p["order"] == "KK-1001"]

    await day.stripe(f"/payment_intents/{intent}")
    await day.stripe(f"/charges?payment_intent={intent}")

    books = await day.books("stripe")
    assert (books["stripe_calls"], books["writes"]) == ({"KK-1001": 2}, 0)


async def test_radar_scores_the_payment_and_the_shop_tells_its_own_judgment_without_the_score(
    day: Day,
) -> None:
    await day.play(place=KURT)
    (intent,) = [n for n, p in (await day.books("stripe"))["payments"].items() if p["order"] == "KK-1003"]

    _, at_stripe = await day.stripe(f"/payment_intents/{intent}?expand[]=latest_charge")
    at_shop, _ = await seen(day, "KK-1003")

    outcome = at_stripe["latest_charge"]["outcome"]
    assert (outcome["risk_level"], outcome["risk_score"]) == ("highest", 82)
    (assessment,) = at_shop["risk"]["assessments"]
    assert assessment["riskLevel"] == "HIGH"
    assert "82" not in str(assessment)


async def test_a_rejected_order_gives_its_money_and_its_units_back(day: Day) -> None:
    await day.play(place=KURT)
    assert (await day.books("shopify"))["levels"]["SET-KNIVES-4@reno"] == 6

    await day.play(cancel={"order": "KK-1003", "by": "channel", "refund": True, "restock": True})

    books = await order(day, "KK-1003")
    assert [(r["amount"], r["gateway"], r["by"]) for r in books["refunds"]] == [(62164, "stripe", "shop")]
    assert (books["cancelled"], books["cancelled_by"], books["total"]) == (True, "shop", 62164)
    assert (await day.books("shopify"))["levels"]["SET-KNIVES-4@reno"] == 9
    again, _ = await day.post("/play", {"cancel": {"order": "KK-1003"}})
    assert again == 400


async def test_the_channel_refunds_an_amount_or_units_that_come_back_on_sale(day: Day) -> None:
    await day.play(place=KELLY)

    await day.play(refund={"order": "KK-1005", "by": "channel", "amount": 500, "currency": "USD"})
    await day.play(refund={"order": "KK-1005", "lines": [{"sku": "PARE-3", "qty": 1}], "restock": True})

    books = await order(day, "KK-1005")
    # The latest payment first: 5.00 and then 11.93 of the shop's own gateway, 17.07 of the gift card.
    assert books["by_gateway"] == {
        "gift_card": {"USD": {"authorized": 0, "captured": 5000, "refunded": 1707}},
        "shopify_payments": {"USD": {"authorized": 0, "captured": 1693, "refunded": 1693}},
    }
    assert (await day.books("shopify"))["levels"]["PARE-3@reno"] == 11
    status, refused = await day.post("/play", {"refund": {"order": "KK-1005", "amount": 9999}})
    assert (status, refused["error"]) == (400, "KK-1005 has 6706 less to give back than asked")


async def test_another_tool_ships_under_its_own_name(day: Day) -> None:
    wish = {
        "name": "Linnworks",
        "order": "KK-1000",
        "do": "ship",
        "carrier": "UPS",
        "tracking": "1Z9990000000001000",
    }
    await day.play(other_tool=wish)
    await day.settle()

    books = await day.books("shopify")
    (told,) = books["orders"]["KK-1000"]["fulfillments"]
    assert (told["tracking"], told["company"], told["app"]) == ("1Z9990000000001000", "UPS", "Linnworks")
    assert (books["orders"]["KK-1000"]["fulfillment"], books["writes"]) == ("FULFILLED", 0)
    assert day.topics()["fulfillments/create"] == 1
    status, refused = await day.post("/play", {"other_tool": wish})
    assert (status, refused["error"]) == (400, "KK-1000 has nothing left to ship")


async def test_another_app_holds_an_order_and_releases_its_own_hold(day: Day) -> None:
    await day.play(
        other_tool={"name": "Fraud Filter", "order": "KK-1000", "do": "hold", "reason": "HIGH_RISK_OF_FRAUD"}
    )
    held = (await order(day, "KK-1000"))["fulfillment"]
    await day.play(other_tool={"name": "Somebody else", "order": "KK-1000", "do": "release"})
    still = (await order(day, "KK-1000"))["fulfillment"]

    await day.play(other_tool={"name": "Fraud Filter", "order": "KK-1000", "do": "release"})

    assert (held, still, (await order(day, "KK-1000"))["fulfillment"]) == (
        "ON_HOLD",
        "ON_HOLD",
        "UNFULFILLED",
    )


async def test_another_tool_sets_levels_on_both_channels(day: Day) -> None:
    await day.play(
        other_tool={"name": "Linnworks", "do": "set_level", "listing": "CHEF-8", "at": "reno", "to": 4}
    )
    await day.play(other_tool={"name": "Linnworks", "do": "set_level", "listing": "KK-CHEF8-FBM", "to": 2})
    status, refused = await day.post(
        "/play",
        {
            "other_tool": {
                "name": "Linnworks",
                "do": "set_level",
                "listing": "CHEF-8",
                "at": "easton",
                "to": 1,
            }
        },
    )

    books = await day.get("/books")
    assert (books["shopify"]["levels"]["CHEF-8@reno"], books["amazon"]["levels"]["KK-CHEF8-FBM"]) == (4, 2)
    assert (status, refused["error"]) == (400, "CHEF-8 is not stocked at 'easton'; there are reno")


async def test_another_tool_ships_an_amazon_order_and_the_merchant_refunds_it(day: Day) -> None:
    await day.play(place=KRIS)
    await day.play(
        other_tool={
            "name": "Linnworks",
            "order": KRIS["id"],
            "do": "ship",
            "carrier": "UPS",
            "tracking": "1Z7",
        }
    )

    await day.play(refund={"order": KRIS["id"], "by": "channel", "amount": 1800})

    kris = (await day.books("amazon"))["orders"][KRIS["id"]]
    (told,) = kris["shipments"]
    assert (told["carrier_code"], told["tracking"], told["app"]) == ("UPS", "1Z7", "Linnworks")
    assert (kris["status"], kris["refunded"]) == ("SHIPPED", 1800)


async def test_a_withheld_address_is_denied_until_it_is_granted(day: Day) -> None:
    await day.play(place=KARA | {"ship_to": None})
    hidden, errors = await seen(day, "KK-1001")

    await day.play(grant={"order": "KK-1001", "address": KARA["ship_to"]})

    shown, none = await seen(day, "KK-1001")
    assert (hidden["shippingAddress"], errors[0]["extensions"]["code"]) == (None, "ACCESS_DENIED")
    assert errors[0]["path"] == ["order", "shippingAddress"]
    assert (shown["shippingAddress"], none) == ({"address1": "100 Test Kitchen Way"}, None)


async def test_access_is_taken_away_and_given_back_by_connection(day: Day) -> None:
    await day.play(disconnect=["shop", "pay", "post"])
    cut = [
        (await day.ask("{ shop { name } }"))[0],
        (await day.stripe("/charges"))[0],
        (await day.easypost("/shipments"))[0],
    ]

    await day.play(reconnect=["shop"])
    await day.play(reconnect=["pay", "post"])

    back = [
        (await day.ask("{ shop { name } }"))[0],
        (await day.stripe("/charges"))[0],
        (await day.easypost("/shipments"))[0],
    ]
    assert (cut, back) == ([401, 401, 403], [200, 200, 200])
    status, refused = await day.post("/play", {"disconnect": ["shp"]})
    assert (status, refused["error"]) == (
        400,
        "disconnect[0]: there is no connection shp; did you mean shop?",
    )


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (KARA | {"shiping": 0}, "place.shiping: there is no shiping here; did you mean shipping?"),
        (KARA | {"total": "116.10"}, "place.total: this must be a whole number (money in minor units), not 116.10"),
        (KARA | {"currency": "usd"}, "place.currency: this must be a currency's three capital letters"),
        (KARA | {"lines": [{"sku": "CHEF-9", "qty": 1, "price": 1}]}, "there is no listing of the shop CHEF-9; did you mean CHEF-8?"),
        (KARA | {"pay": [{"gateway": "stripe", "amount": 1, "capture": "never"}]}, "place.pay[0].capture: never is no capture"),
        (KRIS | {"total": 1}, "the parts of the order add up to 12128, its total says 1"),
        (KRIS | {"status": "SENT"}, "place.status: SENT is no status"),
        (KRIS | {"channel": "ebay"}, "place.channel: ebay is no channel"),
    ],
)  # fmt: skip
async def test_a_wrong_order_is_refused_and_nothing_is_sold(day: Day, order: Any, told: str) -> None:
    before = await day.get("/books")

    status, answer = await day.post("/play", {"place": order})

    assert (status, told in answer["error"]) == (400, True), answer
    assert await day.get("/books") == before


async def test_mails_are_counted_by_order_and_kind_and_amazon_s_buyers_are_told_apart(day: Day) -> None:
    await day.play(place=KARA)
    for to, about, kind in (
        ("kara@example.test", str(day.shop.named("KK-1001").id), "order_confirmation"),
        ("kara@example.test", "KK-1001", "shipping_confirmation"),
        ("x7@marketplace.amazon.com", KRIS["id"], "order_confirmation"),
    ):
        message = EmailMessage()
        message["X-Crossdock-Order"], message["X-Crossdock-Kind"] = about, kind
        day.world.mail.keep(day.world.clock.now(), to, message)

    books = await day.books("mail")

    assert books["by_order"] == {
        "KK-1001": {"order_confirmation": 1, "shipping_confirmation": 1},
        KRIS["id"]: {"order_confirmation": 1},
    }
    assert (books["to_amazon_buyers"], [m["amazon_buyer"] for m in books["messages"]]) == (
        1,
        [False, False, True],
    )


async def test_writes_at_the_shop_count_what_changes_something_and_not_subscriptions(day: Day) -> None:
    subscribe = """mutation S($topic: WebhookSubscriptionTopic!, $wish: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: $wish) { userErrors { message } } }"""
    await day.ask(subscribe, topic="ORDERS_CREATE", wish={"uri": "https://hub.example.test/hook"})
    assert (await day.books("shopify"))["writes"] == 0
    item = day.shop.stock.items["CHEF-8"]
    mutation = """mutation L($input: InventorySetQuantitiesInput!, $key: String!) {
      inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { message } } }"""
    level = {
        "inventoryItemId": f"gid://shopify/InventoryItem/{item.id}", "quantity": 13, "changeFromQuantity": 15,
        "locationId": f"gid://shopify/Location/{day.shop.stock.locations['reno'].id}",
    }  # fmt: skip

    await day.ask(
        mutation, input={"name": "available", "reason": "correction", "quantities": [level]}, key="k1"
    )

    books = await day.books("shopify")
    assert (books["writes"], books["levels"]["CHEF-8@reno"]) == (1, 13)
    assert books["writes_by_operation"] == {"inventorySetQuantities": 1}
