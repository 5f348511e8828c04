"""ORDER_CHANGE through SQS: of the stand-in and of moto's server; and the subscription behind it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from connectors.amazon.notifications import UNREADABLE, AmazonNotifications, receipt_of
from core.errors import RejectedError, UnavailableError
from core.ports import Notification, NotificationKind
from tests.connectors.amazon.account import APP, an_account, selling
from tests.contracts import contracts
from tests.sandbox.amazon_stand import KARL, SELLER, settled, sqs


@pytest.fixture
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def example() -> dict[str, Any]:
    file = contracts() / "amazon/schemas/notifications/OrderChangeNotification.json"
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["examples"][0]
    return told


def message(body: str) -> dict[str, Any]:
    return {"MessageId": "m-1", "ReceiptHandle": "h-1", "Body": body}


def test_amazons_own_example_names_its_order_and_seller() -> None:
    receipt = receipt_of(message(json.dumps(example())))

    assert receipt.handle == "h-1"
    assert receipt.notification == Notification(
        event_id="d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        kind=NotificationKind.ORDER,
        topic="ORDER_CHANGE",
        subject="903-8868176-2219830",
        account="A3TH9S8BH6GOGM",
    )


def test_another_notification_is_known_and_idle() -> None:
    told = {**example(), "NotificationType": "FEED_PROCESSING_FINISHED"}

    notification = receipt_of(message(json.dumps(told))).notification

    assert (notification.kind, notification.topic) == (NotificationKind.OTHER, "FEED_PROCESSING_FINISHED")


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "{}", '{"NotificationType": "ORDER_CHANGE"}'])
def test_a_message_that_cannot_be_read_is_shown(body: str) -> None:
    notification = receipt_of(message(body)).notification

    assert notification == Notification(
        event_id="sqs:m-1", kind=NotificationKind.UNREADABLE, topic=UNREADABLE, subject="m-1"
    )


async def test_over_motos_server_readable_messages_go_and_unreadable_ones_stay(moto: str) -> None:
    async with sqs(moto) as client:
        url = (await client.create_queue(QueueName="orders"))["QueueUrl"]
        await client.send_message(QueueUrl=url, MessageBody=json.dumps(example()))
        await client.send_message(QueueUrl=url, MessageBody="garbage")
        account = an_account(endpoints={"sqs": moto}, app={**APP, "queue_url": url})
        queue = AmazonNotifications(account.connection)

        receipts = await queue.receive()
        await queue.acknowledge(receipts)
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = (await client.get_queue_attributes(QueueUrl=url, AttributeNames=names))["Attributes"]
        await queue.acknowledge(())
        await queue.aclose()

    assert sorted(one.notification.topic for one in receipts) == ["ORDER_CHANGE", UNREADABLE]
    assert [left[name] for name in names] == ["0", "1"]


async def test_a_missing_queue_and_a_deaf_host_are_told_apart(moto: str) -> None:
    missing = AmazonNotifications(
        an_account(endpoints={"sqs": moto}, app={**APP, "queue_url": f"{moto}/123456789012/nope"}).connection
    )
    deaf = AmazonNotifications(an_account(endpoints={"sqs": "http://127.0.0.1:1"}).connection)

    with pytest.raises(RejectedError):
        await missing.receive()
    with pytest.raises(UnavailableError) as away:
        await deaf.receive()
    await missing.aclose()
    await deaf.aclose()

    assert "canary" not in str(away.value)


async def test_subscribing_twice_mends_once_and_orders_then_arrive() -> None:
    async with selling() as sold:
        subscriber, queue = sold.ports.subscriber, sold.ports.notifications
        assert subscriber is not None
        assert queue is not None
        first = await subscriber.subscribe("https://hub.test/unused")
        again = await subscriber.subscribe("https://hub.test/unused")
        sold.stand.amazon.place(KARL)
        await settled(sold.stand)
        receipts = await queue.receive()
        await queue.acknowledge(receipts)

    assert (first, again) == (("destination", "ORDER_CHANGE"), ())
    assert [
        (one.notification.kind, one.notification.subject, one.notification.account) for one in receipts
    ] == [(NotificationKind.ORDER, "112-4000001-0000001", SELLER)]


async def test_a_subscription_to_another_destination_is_moved_to_ours() -> None:
    async with selling() as sold:
        assert sold.ports.subscriber is not None
        client = sold.account.client()
        other = await client.create_destination("other", "arn:aws:sqs:us-east-1:1:elsewhere")
        await client.create_subscription("ORDER_CHANGE", other)
        await client.aclose()

        mended = await sold.ports.subscriber.subscribe("")
        (subscription,) = sold.stand.amazon.notifications.subscriptions.values()

    assert mended == ("destination", "ORDER_CHANGE")
    assert subscription.destination_id != other
