"""ORDER_CHANGE through SQS: of the stand-in and of moto's server; and the subscription behind it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from connectors.amazon.notifications import UNREADABLE, AmazonNotifications, receipt_of
from core.errors import RejectedError, UnavailableError
from core.model.notification import Notification, NotificationKind
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


def schemas() -> list[Path]:
    """Return the schema files of Amazon's notifications."""
    return sorted((contracts() / "amazon/schemas/notifications").glob("*.json"))


def examples(file: Path) -> list[dict[str, Any]]:
    """Return Amazon's own examples of a notification; one made by hand where its schema has none."""
    schema = json.loads(file.read_text(encoding="utf-8"))
    if schema.get("examples"):
        return list(schema["examples"])
    topic = {
        "B2bAnyOfferChangedNotification": "B2B_ANY_OFFER_CHANGED",
        "FBAInventoryAvailabilityChangeNotification": "FBA_INVENTORY_AVAILABILITY_CHANGES",
    }[file.stem]
    return [{"NotificationVersion": "1.0", "NotificationType": topic, "Payload": {}}]


def spelled(told: Any, spell: Callable[[str], str]) -> Any:
    """Return a notification with the first letter of every name as wanted."""
    if isinstance(told, dict):
        return {spell(name[:1]) + name[1:]: spelled(value, spell) for name, value in told.items()}
    return [spelled(each, spell) for each in told] if isinstance(told, list) else told


@pytest.mark.req("R115")
@pytest.mark.case("C18")
@pytest.mark.parametrize("spell", [str, str.lower, str.upper], ids=["as Amazon", "camel", "Pascal"])
def test_every_type_of_amazons_schemas_is_known_in_both_spellings(spell: Callable[[str], str]) -> None:
    found = set()
    for file in schemas():
        for told in examples(file):
            [topic] = [value for name, value in told.items() if name.lower() == "notificationtype"]
            notification = receipt_of(message(json.dumps(spelled(told, spell)))).notification
            assert notification.topic == topic
            found.add((topic, notification.kind))
    assert len(found) == 22
    assert {topic for topic, kind in found if kind is NotificationKind.ORDER} == {"ORDER_CHANGE"}
    assert {kind for _, kind in found} == {NotificationKind.ORDER, NotificationKind.OTHER}


@pytest.mark.case("C18")
@pytest.mark.parametrize("spell", [str.lower, str.upper], ids=["camel", "Pascal"])
def test_an_order_is_named_in_either_spelling(spell: Callable[[str], str]) -> None:
    notification = receipt_of(message(json.dumps(spelled(example(), spell)))).notification
    assert (notification.subject, notification.account) == ("903-8868176-2219830", "A3TH9S8BH6GOGM")


@pytest.mark.case("C18")
@pytest.mark.parametrize(
    "metadata", [{}, {"NotificationMetadata": {}}, {"notificationMetadata": {"applicationId": "a"}}]
)
def test_a_notification_without_an_id_of_its_own_is_known_by_its_messages(metadata: dict[str, Any]) -> None:
    told = {"notificationType": "FEED_PROCESSING_FINISHED", **metadata}
    assert receipt_of(message(json.dumps(told))).notification.event_id == "sqs:m-1"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        '{"NotificationType": "ORDER_CHANGE"}',
        '{"notificationMetadata": 7}',
        '{"notificationType": "ORDER_CHANGE", "payload": {"orderChangeNotification": {}}}',
    ],
)
def test_a_message_that_cannot_be_read_is_shown(body: str) -> None:
    notification = receipt_of(message(body)).notification

    assert notification == Notification(
        event_id="sqs:m-1", kind=NotificationKind.UNREADABLE, topic=UNREADABLE, subject="m-1"
    )


@pytest.mark.case("C18")
async def test_over_motos_server_readable_messages_go_and_unreadable_ones_stay(moto: str) -> None:
    async with sqs(moto) as client:
        url = (await client.create_queue(QueueName="orders"))["QueueUrl"]
        await client.send_message(QueueUrl=url, MessageBody=json.dumps(example()))
        camel = {
            "notificationType": "FEED_PROCESSING_FINISHED",
            "notificationMetadata": {"notificationId": "n-2"},
        }
        await client.send_message(QueueUrl=url, MessageBody=json.dumps(camel))
        await client.send_message(QueueUrl=url, MessageBody="garbage")
        account = an_account(endpoints={"sqs": moto}, app={**APP, "queue_url": url})
        queue = AmazonNotifications(account.connection)

        receipts = await queue.receive()
        await queue.acknowledge(receipts)
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = (await client.get_queue_attributes(QueueUrl=url, AttributeNames=names))["Attributes"]
        await queue.acknowledge(())
        await queue.aclose()

    assert sorted(one.notification.topic for one in receipts) == [
        "FEED_PROCESSING_FINISHED",
        "ORDER_CHANGE",
        UNREADABLE,
    ]
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
