"""Captures, refunds and cancellations move money at Stripe, once."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.shopify_stand import Json, Stand, kim, opened, paid
from tests.sandbox.stand import until

CAPTURE = """mutation C($input: OrderCaptureInput!) { orderCapture(input: $input) {
  transaction { id kind status parentTransaction { id } amountSet { shopMoney { amount } } } userErrors { field message } } }"""
REFUND = """mutation R($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) {
  refund { id totalRefundedSet { shopMoney { amount } } } order { displayFinancialStatus } userErrors { field message } } }"""
UNKEYED = "mutation R($input: RefundInput!) { refundCreate(input: $input) { userErrors { message } } }"
CANCEL = """mutation X($id: ID!, $restock: Boolean!, $method: OrderCancelRefundMethodInput) {
  orderCancel(orderId: $id, reason: FRAUD, restock: $restock, refundMethod: $method, staffNote: "risk desk") {
    job { id done } orderCancelUserErrors { field message code } } }"""
ORDER = """query O($id: ID!) { order(id: $id) { displayFinancialStatus cancelledAt cancelReason
  currentTotalPriceSet { shopMoney { amount } } totalPriceSet { shopMoney { amount } }
  lineItems(first: 5) { nodes { id currentQuantity } } refunds(first: 5) { id }
  transactions { id kind status } fulfillmentOrders(first: 5) { nodes { status } } } }"""
JOB = "query J($id: ID!) { job(id: $id) { done } }"


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened(rate=20) as stand:
        yield stand


async def show(stand: Stand, gid: str) -> Json:
    return dict((await stand.ask(ORDER, id=gid))["order"])


async def capture(stand: Stand, gid: str, amount: str) -> Json:
    parent = (await show(stand, gid))["transactions"][0]["id"]
    wish = {"id": gid, "parentTransactionId": parent, "amount": amount, "currency": "USD"}
    return dict((await stand.ask(CAPTURE, input=wish))["orderCapture"])


async def test_a_capture_through_the_shop_moves_the_money_at_stripe_once(stand: Stand) -> None:
    gid = stand.place(**kim())
    assert stand.stripe("KK-1002")["captured"] == 0

    first = await capture(stand, gid, "92.91")
    again = await capture(stand, gid, "92.91")

    assert first["transaction"]["kind"] == "CAPTURE"
    assert first["transaction"]["amountSet"]["shopMoney"]["amount"] == "92.91"
    assert again["transaction"] is None
    assert again["userErrors"][0]["field"] == ["parentTransactionId"]
    assert stand.stripe("KK-1002")["captured"] == 9291
    assert [entry["by"] for entry in stand.stripe("KK-1002")["captures"]] == ["shop"]
    assert (await show(stand, gid))["displayFinancialStatus"] == "PAID"
    assert stand.books("KK-1002")["captured"] == 9291


@pytest.mark.parametrize("amount", ["92.92", "0.00", "-1.00", "9.291", "much"])
async def test_a_capture_of_a_wrong_amount_is_refused_and_takes_nothing(stand: Stand, amount: str) -> None:
    gid = stand.place(**kim())

    answer = await capture(stand, gid, amount)

    assert answer["userErrors"][0]["field"] == ["amount"]
    assert stand.stripe("KK-1002")["captured"] == 0
    assert stand.books("KK-1002")["authorized"] == 9291


async def test_a_capture_at_stripe_itself_leaves_the_shops_order_authorized(stand: Stand) -> None:
    gid = stand.place(**kim())
    intent = next(iter(stand.world.stripe.payments.values()))

    stand.world.stripe.capture(intent, None, by="api")

    assert (await show(stand, gid))["displayFinancialStatus"] == "AUTHORIZED"
    assert (await capture(stand, gid, "92.91"))["userErrors"][0]["field"] == ["parentTransactionId"]
    assert stand.stripe("KK-1002")["captured"] == 9291


async def test_an_authorization_past_its_time_cannot_be_captured(stand: Stand) -> None:
    gid = stand.place(
        **kim(pay=[{**paid(9291, capture="later"), "capture_before": "2026-11-30T20:00:01+00:00"}])
    )
    await stand.world.clock.sleep(3)

    answer = await capture(stand, gid, "92.91")

    assert answer["userErrors"][0]["message"] == "The authorization has expired"
    assert (await show(stand, gid))["displayFinancialStatus"] == "EXPIRED"


@pytest.mark.req("R110")
async def test_what_was_charged_back_at_stripe_is_neither_refunded_nor_cancelled_with_a_refund(
    stand: Stand,
) -> None:
    gid = stand.place()
    stand.world.stripe.dispute(next(iter(stand.world.stripe.payments)))
    before = stand.books("KK-1001")

    wish = refunding(gid, (await show(stand, gid))["transactions"][0]["id"], "20.00")
    answer = (await stand.ask(REFUND, input=wish, key="k-1"))["refundCreate"]
    with pytest.raises(ValueError, match="has been charged back; cannot issue a refund"):
        stand.world.shopify.play(
            "cancel", {"order": "KK-1001", "by": "merchant", "refund": True, "restock": True}
        )

    assert answer["userErrors"][0]["field"] == ["transactions"]
    assert stand.books("KK-1001") == before
    assert stand.stripe("KK-1001")["refunded"] == 0


def refunding(gid: str, sale: str, amount: str, **more: object) -> Json:
    move = {"orderId": gid, "kind": "REFUND", "gateway": "stripe", "parentId": sale, "amount": amount}
    return {"orderId": gid, "transactions": [move], **more}


async def test_a_refund_under_one_key_is_given_once(stand: Stand) -> None:
    gid = stand.place()
    wish = refunding(gid, (await show(stand, gid))["transactions"][0]["id"], "20.00")

    first = (await stand.ask(REFUND, input=wish, key="k-1"))["refundCreate"]
    again = (await stand.ask(REFUND, input=wish, key="k-1"))["refundCreate"]
    other = (await stand.ask(REFUND, input={**wish, "note": "other"}, key="k-1"))["refundCreate"]

    assert first["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "20.0"
    assert again["refund"]["id"] == first["refund"]["id"]
    assert other["refund"] is None
    assert other["userErrors"] != []
    assert stand.stripe("KK-1001")["refunded"] == 2000
    assert first["order"]["displayFinancialStatus"] == "PARTIALLY_REFUNDED"


async def test_a_refund_without_a_key_is_an_error_and_gives_nothing(stand: Stand) -> None:
    gid = stand.place()
    wish = refunding(gid, (await show(stand, gid))["transactions"][0]["id"], "20.00")

    status, answer = await stand.post(UNKEYED, {"input": wish})

    assert status == 200
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert stand.stripe("KK-1001")["refunded"] == 0


async def test_more_than_was_paid_is_not_refunded(stand: Stand) -> None:
    gid = stand.place()
    wish = refunding(gid, (await show(stand, gid))["transactions"][0]["id"], "116.11")

    answer = (await stand.ask(REFUND, input=wish, key="k-2"))["refundCreate"]

    assert answer["userErrors"][0]["field"] == ["transactions"]
    assert stand.stripe("KK-1001")["refunded"] == 0
    assert (await show(stand, gid))["refunds"] == []


async def test_a_refund_by_line_gives_unshipped_units_back_to_the_level(stand: Stand) -> None:
    gid = stand.place(lines=[{"sku": "CHEF-8", "qty": 2, "price": 8900}], total=17800, pay=[paid(17800)])
    shown = await show(stand, gid)
    reno = f"gid://shopify/Location/{stand.shop.stock.locations['reno'].id}"
    units = {
        "lineItemId": shown["lineItems"]["nodes"][0]["id"],
        "quantity": 1,
        "restockType": "CANCEL",
        "locationId": reno,
    }

    wish = refunding(gid, shown["transactions"][0]["id"], "89.00", refundLineItems=[units])
    await stand.ask(REFUND, input=wish, key="k-3")

    after = await show(stand, gid)
    assert after["lineItems"]["nodes"][0]["currentQuantity"] == 1
    assert after["currentTotalPriceSet"]["shopMoney"]["amount"] == "89.0"
    assert after["totalPriceSet"]["shopMoney"]["amount"] == "178.0"
    assert stand.level("CHEF-8")[1] == 1


async def test_a_cancellation_is_done_by_a_job_and_gives_money_and_units_back_once(stand: Stand) -> None:
    gid = stand.place()
    before = stand.level("SET-KNIFE-BOARD")

    method = {"originalPaymentMethodsRefund": True}
    answer = (await stand.ask(CANCEL, id=gid, restock=True, method=method))["orderCancel"]
    twice = (await stand.ask(CANCEL, id=gid, restock=True, method=method))["orderCancel"]

    assert answer["job"]["done"] is False
    assert twice["orderCancelUserErrors"][0]["code"] == "INVALID"
    await until(lambda: stand.books("KK-1001")["cancelled"])
    shown = await show(stand, gid)
    assert (await stand.ask(JOB, id=answer["job"]["id"]))["job"]["done"] is True
    assert (shown["displayFinancialStatus"], shown["cancelReason"]) == ("REFUNDED", "FRAUD")
    assert shown["fulfillmentOrders"]["nodes"] == [{"status": "CLOSED"}]
    assert stand.stripe("KK-1001")["refunded"] == 11610
    assert stand.level("SET-KNIFE-BOARD") == (before[0] + 1, 0, before[2])


async def test_a_cancellation_lets_an_authorization_go(stand: Stand) -> None:
    gid = stand.place(**kim())

    await stand.ask(CANCEL, id=gid, restock=False, method=None)

    await until(lambda: stand.books("KK-1002")["cancelled"])
    assert stand.stripe("KK-1002")["status"] == "canceled"
    assert stand.books("KK-1002")["financial"] == "VOIDED"
    assert stand.level("SKILLET-12") == (2, 0, 2)


async def test_an_order_that_is_on_its_way_is_not_cancelled(stand: Stand) -> None:
    gid = stand.place()
    stand.shop.play("other_tool", {"order": "KK-1001", "do": "ship", "carrier": "UPS", "tracking": "1Z"})

    answer = (await stand.ask(CANCEL, id=gid, restock=True, method=None))["orderCancel"]

    assert answer["job"] is None
    assert answer["orderCancelUserErrors"][0]["code"] == "INVALID"
    assert stand.books("KK-1001")["cancelled"] is False


async def test_the_channels_own_cancel_and_refund_move_the_same_money(stand: Stand) -> None:
    stand.place()
    stand.place(id="KK-1003")

    stand.shop.play("refund", {"order": "KK-1001", "amount": 1000, "currency": "USD"})
    stand.shop.play("cancel", {"order": "KK-1003", "by": "channel", "refund": True, "restock": True})

    assert stand.stripe("KK-1001")["refunded"] == 1000
    assert stand.stripe("KK-1003")["refunded"] == 11610
    assert stand.books("KK-1003")["financial"] == "REFUNDED"


async def test_an_authorization_that_is_not_at_stripe_is_captured_once_too(stand: Stand) -> None:
    gid = stand.place(**kim(pay=[paid(9291, capture="later", gateway="shopify_payments")]))

    first = await capture(stand, gid, "90.00")
    again = await capture(stand, gid, "2.91")

    assert first["userErrors"] == []
    assert again["userErrors"][0]["field"] == ["parentTransactionId"]
    assert stand.books("KK-1002")["captured"] == 9000
    assert stand.world.stripe.payments == {}


async def test_a_refund_with_one_wrong_part_gives_nothing_at_all(stand: Stand) -> None:
    gid = stand.place()
    wish = refunding(gid, (await show(stand, gid))["transactions"][0]["id"], "60.00")
    wish["transactions"] *= 2

    answer = (await stand.ask(REFUND, input=wish, key="k-4"))["refundCreate"]

    assert answer["userErrors"][0]["field"] == ["transactions"]
    assert stand.stripe("KK-1001")["refunded"] == 0
    assert (await show(stand, gid))["displayFinancialStatus"] == "PAID"
