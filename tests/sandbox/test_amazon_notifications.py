"""ORDER_CHANGE notifications: who gets them, what is in them, and what the faults make of them."""

import json
from typing import Any

import pytest
from sp_api.base.exceptions import SellingApiBadRequestException, SellingApiException

from tests.contracts_amazon import check_notification
from tests.sandbox.amazon_stand import FBA, KARL, Stand, served, settled, sqs, subscribed


async def received(stand: Stand) -> list[Any]:
    """Every message that is in the queue now, taken out of it."""
    await settled(stand)
    found: list[Any] = []
    async with sqs(stand.url) as client:
        url = stand.amazon.credentials(stand.url)["queue"]
        while True:
            answer = await client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(json.loads(message["Body"]))
                await client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if not answer.get("Messages"):
                return found


def change(message: Any) -> Any:
    return message["Payload"]["OrderChangeNotification"]


async def test_every_change_of_an_order_is_announced_as_the_schema_says() -> None:
    async with served() as stand:
        await subscribed(stand)
        stand.amazon.place({**KARL, "status": "PENDING", "programs": ["PRIME", "AMAZON_EASY_SHIP"]})
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": "UNSHIPPED"})
        stand.amazon.play("request_cancel", {"order": KARL["id"]})
        stand.amazon.play("cancel", {"order": KARL["id"], "by": "merchant"})
        stand.amazon.place(FBA)
        messages = await received(stand)

    for message in messages:
        check_notification(message)
    karl = [change(one) for one in messages if change(one)["AmazonOrderId"] == KARL["id"]]
    stages = {
        (one["OrderChangeType"], one["Summary"]["OrderStatus"], one["Summary"]["DestinationPostalCode"])
        for one in karl
    }
    assert stages == {
        ("OrderStatusChange", "Pending", None),
        ("OrderStatusChange", "Unshipped", "43215"),
        ("BuyerRequestedChange", "Unshipped", "43215"),
        ("OrderStatusChange", "Canceled", "43215"),
    }
    assert karl[0]["SellerId"] == "A1KENDRA"
    assert karl[0]["Summary"]["OrderPrograms"] == ["Prime"]
    assert karl[0]["Summary"]["ShippingPrograms"] == ["EasyShip"]
    (fba,) = [change(one) for one in messages if change(one)["AmazonOrderId"] == FBA["id"]]
    assert (fba["Summary"]["FulfillmentType"], fba["Summary"]["NumberOfItemsShipped"]) == ("AFN", 1)


async def test_no_person_is_named_in_a_notification() -> None:
    async with served() as stand:
        await subscribed(stand)
        stand.amazon.place(KARL)
        (message,) = await received(stand)

    assert "Kruger" not in json.dumps(message)
    assert "Short North" not in json.dumps(message)


async def test_without_a_subscription_nothing_is_announced() -> None:
    async with served() as stand:
        stand.amazon.place(KARL)

        assert await received(stand) == []


async def test_a_filter_lets_only_its_changes_through() -> None:
    wanted = {
        "eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["BuyerRequestedChange"]}
    }
    async with served() as stand:
        await subscribed(stand, processingDirective=wanted)
        stand.amazon.place(KARL)
        stand.amazon.play("request_cancel", {"order": KARL["id"]})
        messages = await received(stand)

    assert [change(one)["OrderChangeType"] for one in messages] == ["BuyerRequestedChange"]


async def test_destinations_and_subscriptions_are_there_once() -> None:
    async with served() as stand:
        subscription_id = await subscribed(stand)
        notifications = stand.notifications()
        arn = stand.amazon.credentials(stand.url)["queue_arn"]
        (destination,) = (await notifications.get_destinations()).payload
        shown = (await notifications.get_subscription("ORDER_CHANGE")).payload
        with pytest.raises(SellingApiException, match="already exists"):
            await notifications.create_destination("again", arn=arn)
        with pytest.raises(SellingApiException, match="conflicts with the current state"):
            await notifications.create_subscription(
                "ORDER_CHANGE", destination_id=destination["destinationId"]
            )
        with pytest.raises(SellingApiException, match="denied"):
            await notifications.delete_destination(destination["destinationId"])

        assert len(stand.amazon.notifications.destinations) == 1
        assert len(stand.amazon.notifications.subscriptions) == 1
    assert destination["resource"]["sqs"]["arn"] == arn
    assert shown["subscriptionId"] == subscription_id


async def test_wrong_destinations_and_subscriptions_are_refused() -> None:
    async with served() as stand:
        notifications = stand.notifications()
        with pytest.raises(SellingApiBadRequestException):
            await notifications.create_destination("hub", arn="arn:aws:sns:us-east-1:1:topic")
        with pytest.raises(SellingApiBadRequestException):
            await notifications.create_subscription("ORDER_CHANGE", destination_id="none")
        with pytest.raises(SellingApiBadRequestException):
            await notifications.create_subscription("ORDER_CHANGED", destination_id="none")

        assert stand.amazon.notifications.destinations == {}
        assert stand.amazon.notifications.subscriptions == {}


async def test_a_dropped_notification_never_comes() -> None:
    async with served(spec="drop:1") as stand:
        await subscribed(stand)
        stand.amazon.place(KARL)

        assert await received(stand) == []
        assert stand.world.faults.injected == {"drop": 1}


async def test_a_doubled_notification_comes_two_to_four_times_with_one_id() -> None:
    async with served(spec="duplicate:1") as stand:
        await subscribed(stand)
        stand.amazon.place(KARL)
        messages = await received(stand)

    assert 2 <= len(messages) <= 4
    assert len({one["NotificationMetadata"]["NotificationId"] for one in messages}) == 1


async def test_a_reordered_notification_comes_after_the_next() -> None:
    async with served(spec="reorder:0") as stand:
        await subscribed(stand)
        stand.amazon.place({**KARL, "status": "PENDING"})
        stand.world.faults.quiet()
        stand.amazon.play("amazon_status", {"order": KARL["id"], "to": "UNSHIPPED"})
        messages = await received(stand)

    assert [change(one)["Summary"]["OrderStatus"] for one in messages] == ["Unshipped", "Pending"]
