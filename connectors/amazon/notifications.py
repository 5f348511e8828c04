"""ORDER_CHANGE, read from an SQS queue; and the subscription that fills it.

One queue serves the whole installation: a message names its seller, and core finds the merchant by that.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from connectors.amazon.client import AmazonClient
from connectors.amazon.errors import error_of_code
from connectors.amazon.settings import ORDER_CHANGE
from core.errors import RejectedError, UnavailableError
from core.model.notification import Notification, NotificationKind, Receipt
from core.ports import Connection

UNREADABLE = "UNREADABLE"
"""Topic of a message that is none of Amazon's."""
BATCH = 10
WAIT_S = 20
"""How long SQS waits for a message before it answers that there is none: the longest it allows, as AWS advises."""
CONNECT_LIMIT_S = 5
READ_BEYOND_S = 10
"""How long an answer may take beyond that."""
DESTINATION = "crossdock"


class AmazonNotifications:
    """The queue that Amazon's notifications come through."""

    waits: ClassVar[bool] = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._sqs: Any = None

    async def receive(self) -> tuple[Receipt, ...]:
        """Wait for messages and take up to ten; each comes again after the queue's visibility timeout unless acknowledged."""
        sqs = await self._open()
        answer = await self._ask(
            "ReceiveMessage",
            sqs.receive_message(
                QueueUrl=self._connection.app["queue_url"],
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=WAIT_S,
            ),
        )
        return tuple(receipt_of(message) for message in answer.get("Messages", []))

    async def acknowledge(self, receipts: Sequence[Receipt]) -> None:
        """Take them off the queue, but for unreadable ones: those stay whole until the queue's redrive policy moves them."""
        readable = [receipt for receipt in receipts if receipt.notification.topic != UNREADABLE]
        sqs = await self._open()
        for start in range(0, len(readable), BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt.handle}
                for number, receipt in enumerate(readable[start : start + BATCH])
            ]
            # One that is not taken off comes again, and its event id makes that harmless.
            await self._ask(
                "DeleteMessageBatch",
                sqs.delete_message_batch(QueueUrl=self._connection.app["queue_url"], Entries=entries),
            )

    async def aclose(self) -> None:
        """Close the connection to the queue."""
        await self._stack.aclose()
        self._sqs = None

    async def _open(self) -> Any:
        async with self._opening:
            if self._sqs is None:
                app = self._connection.app
                client = get_session().create_client(
                    "sqs",
                    region_name=app["aws_region"],
                    endpoint_url=self._connection.endpoints.get("sqs"),
                    aws_access_key_id=app["aws_access_key_id"],
                    aws_secret_access_key=app["aws_secret_access_key"],
                    config=AioConfig(
                        connect_timeout=CONNECT_LIMIT_S,
                        read_timeout=WAIT_S + READ_BEYOND_S,
                        retries={"total_max_attempts": 1},
                    ),
                )
                self._sqs = await self._stack.enter_async_context(client)
            return self._sqs

    async def _ask(self, operation: str, call: Any) -> dict[str, Any]:
        """Return SQS's answer. Neither operation can do harm by being done and not answered."""
        name = self._connection.name
        try:
            answer: dict[str, Any] = await call
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise error_of_code(code, connection=name, operation=operation, may_act=False) from error
        except BotoCoreError as error:
            raise UnavailableError(f"{operation}: {type(error).__name__}", connection=name) from error
        return answer


class AmazonSubscriber:
    """The subscription that makes Amazon send ORDER_CHANGE to the queue."""

    def __init__(self, connection: Connection, client: AmazonClient) -> None:
        self._connection = connection
        self._client = client

    async def subscribe(self, callback_url: str) -> tuple[str, ...]:  # noqa: ARG002  Amazon sends to a queue
        """Make sure of the destination and of the seller's subscription to it; return what was mended."""
        arn = self._connection.app["queue_arn"]
        mended = []
        destination = await self._destination(arn)
        if destination is None:
            destination = await self._client.create_destination(DESTINATION, arn)
            mended.append("destination")
        current = await self._subscription()
        if current is not None and current.get("destinationId") != destination:
            await self._client.delete_subscription_by_id(ORDER_CHANGE, str(current["subscriptionId"]))
            current = None
        if current is None:
            await self._client.create_subscription(ORDER_CHANGE, destination)
            mended.append(ORDER_CHANGE)
        return tuple(mended)

    async def _destination(self, arn: str) -> str | None:
        for destination in await self._client.get_destinations():
            if destination.get("resource", {}).get("sqs", {}).get("arn") == arn:
                return str(destination["destinationId"])
        return None

    async def _subscription(self) -> dict[str, Any] | None:
        try:
            return await self._client.get_subscription(ORDER_CHANGE)
        except RejectedError as error:
            if error.code in {"NotFound", "ResourceNotFound"}:
                return None
            raise


def receipt_of(message: dict[str, Any]) -> Receipt:
    """Return what an SQS message says. One that cannot be read is shown as UNREADABLE and never taken off the queue."""
    handle, message_id = str(message["ReceiptHandle"]), str(message["MessageId"])
    try:
        told = json.loads(message["Body"], object_hook=_camel)
        notification = _notification(told, f"sqs:{message_id}")
    except (ValueError, KeyError, TypeError, AttributeError):
        notification = Notification(
            event_id=f"sqs:{message_id}",
            kind=NotificationKind.UNREADABLE,
            topic=UNREADABLE,
            subject=message_id,
        )
    return Receipt(notification=notification, handle=handle)


def _camel(told: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its names in camel case: some of Amazon's types write them so, others in Pascal case."""
    return {name[:1].lower() + name[1:]: value for name, value in told.items()}


def _notification(told: dict[str, Any], message_id: str) -> Notification:
    """Return what an SQS message notifies of: ORDER_CHANGE names an order; all else is known and idle.

    It is known by its own id; where its type carries none (FBA_INVENTORY_AVAILABILITY_CHANGES), by the message's.
    """
    event_id = str(told.get("notificationMetadata", {}).get("notificationId") or message_id)
    topic = str(told["notificationType"])
    if topic != ORDER_CHANGE:
        return Notification(event_id=event_id, kind=NotificationKind.OTHER, topic=topic, subject=event_id)
    change = told["payload"]["orderChangeNotification"]
    return Notification(
        event_id=event_id,
        kind=NotificationKind.ORDER,
        topic=topic,
        subject=str(change["amazonOrderId"]),
        account=str(change["sellerId"]),
    )
