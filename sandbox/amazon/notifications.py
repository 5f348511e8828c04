"""Notifications: destinations, subscriptions, and the ORDER_CHANGE message."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sandbox.amazon.listing import AMAZON
from sandbox.amazon.order import UNPAID, Line, Order
from sandbox.amazon.times import text
from sandbox.values import Json

STATUS_WORDS: Final = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
ORDER_PROGRAMS: Final = {
    "AMAZON_BUSINESS": "Business",
    "PRIME": "Prime",
    "PREMIUM": "Premium",
    "INVOICE_BY_AMAZON": "IBA",
}
SHIPPING_PROGRAMS: Final = {"AMAZON_EASY_SHIP": "EasyShip", "IN_STORE_PICK_UP": "ISPU"}


@dataclass(frozen=True)
class Destination:
    """Where notifications go: an SQS queue."""

    destination_id: str
    name: str
    resource: Json

    def as_json(self) -> Json:
        """The destination as the model shows it."""
        return {"destinationId": self.destination_id, "name": self.name, "resource": self.resource}

    def arn(self) -> str:
        """The queue's ARN."""
        return str(self.resource["sqs"]["arn"])


@dataclass(frozen=True)
class Subscription:
    """What the seller's account sends to a destination."""

    subscription_id: str
    kind: str
    destination_id: str
    payload_version: str
    directive: Json | None

    def as_json(self) -> Json:
        """The subscription as the model shows it."""
        shown: Json = {
            "subscriptionId": self.subscription_id,
            "payloadVersion": self.payload_version,
            "destinationId": self.destination_id,
        }
        if self.directive:
            shown["processingDirective"] = self.directive
        return shown

    def wants(self, change: str, marketplace: str) -> bool:
        """Whether its filter lets such a change through."""
        event_filter = (self.directive or {}).get("eventFilter") or {}
        changes, places = event_filter.get("orderChangeTypes"), event_filter.get("marketplaceIds")
        return (not changes or change in changes) and (not places or marketplace in places)


@dataclass
class Notifications:
    """The application's destinations and the seller's subscriptions."""

    destinations: dict[str, Destination] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def subscribed(self, kind: str, change: str, *, marketplace: str) -> list[Subscription]:
        """The subscriptions that such a change goes to."""
        known = (one for one in self.subscriptions.values() if one.kind == kind)
        return [one for one in known if one.wants(change, marketplace)]

    def arn_of(self, subscription: Subscription) -> str:
        """The queue that a subscription's messages go to."""
        return self.destinations[subscription.destination_id].arn()


@dataclass(frozen=True)
class Change:
    """What became of an order of a seller, and when."""

    kind: str
    reason: str
    at: datetime
    seller: str
    marketplace: str
    application_id: str


def order_change(order: Order, change: Change, subscription_id: str, notification_id: str) -> Json:
    """One ORDER_CHANGE message: what changed, and a summary of the order without any person in it."""
    trigger = {"TimeOfOrderChange": text(order.updated_at), "ChangeReason": change.reason}
    return {
        "NotificationVersion": "1.0",
        "NotificationType": "ORDER_CHANGE",
        "PayloadVersion": "1.0",
        "EventTime": text(change.at),
        "Payload": {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": change.seller,
                "AmazonOrderId": order.order_id,
                "OrderChangeType": change.kind,
                "OrderChangeTrigger": trigger,
                "Summary": _summary(order, change.marketplace),
            }
        },
        "NotificationMetadata": {
            "ApplicationId": change.application_id,
            "SubscriptionId": subscription_id,
            "PublishTime": text(change.at),
            "NotificationId": notification_id,
        },
    }


def _summary(order: Order, marketplace: str) -> Json:
    sent = sum(order.sent(line) for line in order.lines)
    left = sum(line.quantity for line in order.lines) - sent
    open_to_ship = order.status not in UNPAID | {"CANCELLED"}
    address = order.ship_to if order.status not in UNPAID and not order.withheld else None
    shown: Json = {
        "MarketplaceId": marketplace,
        "OrderStatus": STATUS_WORDS[order.status],
        "PurchaseDate": text(order.placed_at),
        "DestinationPostalCode": (address or {}).get("zip"),
        "FulfillmentType": "AFN" if order.fulfilled_by == AMAZON else "MFN",
        "OrderType": "Preorder" if "PREORDER" in order.programs else "StandardOrder",
        "NumberOfItemsShipped": sent,
        "NumberOfItemsUnshipped": left if open_to_ship else 0,
        "OrderPrograms": [word for name, word in ORDER_PROGRAMS.items() if name in order.programs],
        "ShippingPrograms": [word for name, word in SHIPPING_PROGRAMS.items() if name in order.programs],
        "OrderItems": [_item(order, line) for line in order.lines],
    }
    if order.ship_by is not None:
        shown["EarliestShipDate"] = text(min(order.placed_at, order.ship_by))
        shown["LatestShipDate"] = text(order.ship_by)
    if order.deliver_by is not None:
        shown["LatestDeliveryDate"] = text(order.deliver_by)
    return shown


def _item(order: Order, line: Line) -> Json:
    return {
        "OrderItemId": line.item_id,
        "SellerSKU": line.listing,
        "SupplySourceId": None,
        "Quantity": line.quantity,
        "QuantityShipped": order.sent(line),
        "IsBuyerRequestedCancel": line.cancel_asked is not None,
    }
